"""What mail servers send back: reports as Postfix, Exim, Exchange and others write them."""

OURS = "<0123456789abcdef@vigie.example>"

POSTFIX = """\
Return-Path: <>
Received: by mx.example (Postfix)
\tid 4TqJ; Mon,  1 Mar 2027 09:00:02 +0100 (CET)
Date: Mon,  1 Mar 2027 09:00:02 +0100 (CET)
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: vigie@vigie.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4TqJ.1/mx.example"
Message-Id: <20270301080002.4TqJ@mx.example>

This is a MIME-encapsulated message.

--4TqJ.1/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<marie@people.example>: host mx.people.example said: 550 5.1.1 User unknown

--4TqJ.1/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4TqJ
X-Postfix-Sender: rfc822; vigie@vigie.example
Arrival-Date: Mon,  1 Mar 2027 09:00:00 +0100 (CET)

Final-Recipient: rfc822; marie@people.example
Original-Recipient: rfc822;marie@people.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.people.example
Diagnostic-Code: smtp; 550 5.1.1 <marie@people.example>: Recipient address
    rejected: User unknown in virtual mailbox table

--4TqJ.1/mx.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <0123456789abcdef@vigie.example>
Date: Mon, 01 Mar 2027 08:00:00 +0000
From: vigie@vigie.example
To: marie@people.example
Subject: Negative balance
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Hello

--4TqJ.1/mx.example--
"""

POSTFIX_DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("5.1.1", "4.4.1")

EXIM = """\
Return-path: <>
Envelope-to: vigie@vigie.example
X-Failed-Recipients: marie@people.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example>
To: vigie@vigie.example
References: <some-other@vigie.example> <0123456789abcdef@vigie.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=1804289383-eximdsn-846930886
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1lGd-0001@mx.example>
Date: Mon, 01 Mar 2027 09:00:02 +0100

--1804289383-eximdsn-846930886
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1804289383-eximdsn-846930886
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example

Action: failed
Final-Recipient: rfc822;marie@people.example
Status: 5.0.0
Remote-MTA: dns; mx.people.example
Diagnostic-Code: smtp; 552 Mailbox is full

--1804289383-eximdsn-846930886
Content-type: text/rfc822-headers

Return-path: <vigie@vigie.example>
Message-ID: <0123456789abcdef@vigie.example>
From: vigie@vigie.example
To: marie@people.example

--1804289383-eximdsn-846930886--
"""

# Exchange: names in mixed case, no diagnostic, the mail only referred to.
EXCHANGE = """\
From: <postmaster@corp.example>
To: <vigie@vigie.example>
Date: Mon, 1 Mar 2027 09:00:05 +0100
MIME-Version: 1.0
Content-Type: Multipart/Report; Report-Type=Delivery-Status;
\tboundary="_000_corp_"
Content-Language: en-US
Message-ID: <1b2c@EX01.corp.example>
In-Reply-To: <0123456789abcdef@vigie.example>
References: <0123456789abcdef@vigie.example>
Thread-Topic: Negative balance
Subject: Undeliverable: Negative balance

--_000_corp_
Content-Type: multipart/alternative; boundary="_001_corp_"

--_001_corp_
Content-Type: text/plain; charset="us-ascii"

Delivery has failed to these recipients or groups: Marie
--_001_corp_
Content-Type: text/html; charset="us-ascii"

<html><script>alert(1)</script><p>Delivery has failed</p></html>
--_001_corp_--

--_000_corp_
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.corp.example
Received-From-MTA: dns;mx.example
Arrival-Date: Mon, 1 Mar 2027 08:00:03 +0000

Final-Recipient: rfc822;Marie@corp.example
Action: Failed
Status: 5.1.10
X-Display-Name: Marie

--_000_corp_--
"""

# An address beyond ASCII (RFC 6533).
GLOBAL = """\
From: MAILER-DAEMON@mx.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.example

Final-Recipient: utf-8; jérôme@people.example
Action: failed
Status: 5.6.7
Diagnostic-Code: X-Postfix; SMTPUTF8 is required, but was not offered

--B
Content-Type: message/global-headers
Content-Transfer-Encoding: 8bit

Message-ID: <0123456789abcdef@vigie.example>
To: jérôme@people.example

--B--
"""

# A list of two behind one address: one is gone.
TWO_RECIPIENTS = POSTFIX.replace(
    "\nFinal-Recipient: rfc822; marie",
    "\nFinal-Recipient: rfc822; paul@elsewhere.example\nAction: relayed\nStatus: 2.0.0\n"
    "\nFinal-Recipient: rfc822; marie",
)

AUTO_REPLY = """\
From: Marie <marie@people.example>
To: vigie@vigie.example
Subject: Out of office
Auto-Submitted: auto-replied
In-Reply-To: <0123456789abcdef@vigie.example>
Content-Type: text/plain

I am on holiday. Action: failed
"""

READ_RECEIPT = """\
From: Marie <marie@people.example>
Content-Type: multipart/report; report-type=disposition-notification; boundary=B

--B
Content-Type: message/disposition-notification

Final-Recipient: rfc822; marie@people.example
Original-Message-ID: <0123456789abcdef@vigie.example>
Disposition: manual-action/MDN-sent-manually; displayed

--B--
"""

# Somebody forwards a report that they got: it is not what this mail is.
FORWARDED = (
    "From: marie@people.example\nContent-Type: multipart/mixed; boundary=F\n\n--F\n"
    f"Content-Type: message/rfc822\n\n{POSTFIX}\n--F--\n"
)

// Makes menus, selections and dialogs smoother. Every page works without this file.
'use strict';
(() => {
  const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;
  const on = (name, handler, options) => document.addEventListener(name, handler, options);
  // Errors whose answer is the form again; base.html's htmx-config lists the others.
  const shown = [409, 422];
  // A swap replaces parts of the page; whatever is read from the page once is read again then.
  const whenReady = (handler) => { on('DOMContentLoaded', handler); on('htmx:after:swap', handler); };

  // ---- Menus: the browser opens, closes and lays them out; here the arrow keys, and the focus.
  const items = (menu) => [...menu.querySelectorAll('[role^=menuitem]')];
  const opener = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);

  function place(menu) {
    if (CSS.supports('position-area', 'block-end')) return;
    const from = opener(menu).getBoundingClientRect();
    const start = menu.classList.contains('start');
    const left = start ? from.left : from.right - menu.offsetWidth;
    const below = from.bottom + menu.offsetHeight < innerHeight;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${below ? from.bottom : Math.max(8, from.top - menu.offsetHeight - 8)}px`;
  }

  on('toggle', (event) => {
    const menu = event.target;
    if (!(menu instanceof Element) || !menu.matches('.menu[popover]')) return;
    opener(menu)?.setAttribute('aria-expanded', String(event.newState === 'open'));
    if (event.newState === 'open') place(menu);
  }, true);

  function open(menu, button, index) {
    menu.showPopover({source: button});
    items(menu).at(index)?.focus();
  }

  // The toggle event comes a moment later; a quick second key must already find the focus in the menu.
  on('click', (event) => {
    const button = closest(event, '[popovertarget][aria-haspopup=menu]');
    const menu = button && document.getElementById(button.getAttribute('popovertarget'));
    if (!menu || menu.matches(':popover-open')) return;
    event.preventDefault();
    open(menu, button, 0);
  });

  on('keydown', (event) => {
    const menu = closest(event, '.menu[popover]');
    const button = closest(event, '[popovertarget][aria-haspopup=menu]');
    if (!menu && button && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      open(document.getElementById(button.getAttribute('popovertarget')), button, event.key === 'ArrowUp' ? -1 : 0);
    }
    if (!menu) return;
    const all = items(menu);
    const now = all.indexOf(document.activeElement);
    const to = {ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1}[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length)?.focus();
    } else if (event.key === 'Tab' || event.key === 'Escape') {
      if (event.key === 'Escape') event.preventDefault();
      const back = opener(menu);
      menu.hidePopover();
      back?.focus();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const letter = event.key.toLowerCase();
      [...all.slice(now + 1), ...all.slice(0, now + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    }
  });

  // ---- Selection: the server keeps it. A ticked box is noted in the bar's form, which is sent at once.
  const boxes = (form) => [...document.querySelectorAll(`input[type=checkbox][form="${CSS.escape(form.id)}"][name]`)];

  function showHead(form) {
    const head = form && document.querySelector(`[data-tick-all="${CSS.escape(form.id)}"]`);
    if (!head) return;
    const rows = boxes(form);
    const ticked = rows.filter((box) => box.checked).length;
    head.checked = rows.length > 0 && ticked === rows.length;
    head.indeterminate = ticked > 0 && !head.checked;
  }
  whenReady(() => { for (const form of document.querySelectorAll('form.bulk')) showHead(form); });
  // A page from the browser's memory shows the boxes as they were left, not as they are.
  addEventListener('pageshow', (event) => { if (event.persisted && document.querySelector('form.bulk')) location.reload(); });

  // Only rows that were touched are sent, so that an old tab undoes nothing of a newer one.
  function touch(form, rows) {
    const field = form.elements.touched ?? form.appendChild(Object.assign(document.createElement('input'), {type: 'hidden', name: 'touched'}));
    field.value = [...new Set([...field.value.split(',').filter(Boolean), ...rows.map((box) => box.value)])].join(',');
    showHead(form);
    form.dispatchEvent(new Event('ticked'));
  }

  on('change', (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== 'checkbox') return;
    if (box.dataset.tickAll) {
      const form = document.getElementById(box.dataset.tickAll);
      const rows = boxes(form);
      for (const row of rows) row.checked = box.checked;
      touch(form, rows);
    } else if (box.form?.matches('.bulk')) {
      touch(box.form, [box]);
    }
  });

  // Shift and click ticks everything between two boxes.
  let last = null;
  on('click', (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.form?.matches('.bulk') || box.type !== 'checkbox') return;
    const rows = boxes(box.form);
    const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
    last = box;
    if (!event.shiftKey || from < 0) return;
    const range = rows.slice(from, to + 1);
    for (const row of range) row.checked = box.checked;
    touch(box.form, range);
  });

  // Whatever else is asked meanwhile must find every tick written.
  const isTicking = () => document.querySelector('form.bulk.htmx-request');
  let goOn = false;
  on('htmx:before:request', (event) => {
    const {ctx} = event.detail;
    goOn = ctx.sourceElement.matches('.bulk button');
    if (ctx.sourceElement.matches('form.bulk') || !isTicking()) return;
    const send = ctx.fetch;
    ctx.fetch = async (...what) => {
      while (isTicking()) await new Promise((done) => on('htmx:finally:request', done, {once: true}));
      return send(...what);
    };
  });
  // What still waits when the page is left is sent then.
  addEventListener('pagehide', () => {
    const form = document.querySelector('form.bulk:has([name=touched])');
    if (form) fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form)), keepalive: true});
  });

  // A button of the bar that renewed the list is gone with it: the focus goes on to what is next.
  on('htmx:after:swap', () => {
    if (goOn && document.activeElement === document.body) {
      const next = document.querySelector('.bulk:not([data-count="0"]) .actions button') ?? document.querySelector('[data-tick-all]');
      next?.focus({preventScroll: true});
    }
    goOn = false;
  });

  // ---- Dialogs: showModal keeps the focus inside and gives it back; Escape closes.
  function showModal(dialog) {
    dialog.showModal();
    // The browser would choose the close button; the form is what one came for.
    dialog.querySelector('.dialog-body :is(input:not([type=hidden]), select, textarea, button, a)')?.focus();
  }

  on('click', (event) => {
    const button = closest(event, '[data-dialog]');
    const dialog = button && document.getElementById(button.dataset.dialog);
    if (dialog) { event.preventDefault(); showModal(dialog); }
    const around = closest(event, '[data-close]')?.closest('dialog');
    if (around) { event.preventDefault(); around.close(); }
    // A click on the backdrop has the dialog itself as its target.
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const edge = event.target.getBoundingClientRect();
      if (event.clientX < edge.left || event.clientX > edge.right || event.clientY < edge.top || event.clientY > edge.bottom) event.target.close();
    }
  });

  on('htmx:after:swap', (event) => {
    const {target, response} = event.detail?.ctx ?? {};
    const dialog = target instanceof Element && target.isConnected && target.closest('dialog');
    if (dialog && !dialog.open && target.childElementCount && (response.status < 400 || shown.includes(response.status))) {
      dialog.dataset.filled = target.id;
      showModal(dialog);
    }
    document.querySelector('[data-focus]')?.focus();
  });
  on('DOMContentLoaded', () => document.querySelector('[data-focus]')?.focus());

  // A form that was fetched is fetched again next time, not shown as it was left.
  on('close', (event) => { if (event.target.dataset?.filled) document.getElementById(event.target.dataset.filled)?.replaceChildren(); }, true);

  // The same address again is no further step back.
  on('htmx:before:history:update', ({detail: {history}}) => { if (history.path === location.pathname + location.search) history.type = 'replace'; });

  // ---- How many filters are set, which a phone folds away; the filter form itself is not swapped.
  on('change', (event) => {
    const count = closest(event, '.filters')?.querySelector('[data-set]');
    if (!count) return;
    const set = [...count.closest('details').querySelectorAll('select')].filter((field) => field.selectedIndex > 0).length;
    count.textContent = set;
    count.hidden = !set;
  });

  // ---- A box that makes a password readable; without this file it stays away.
  whenReady(() => { for (const box of document.querySelectorAll('[data-shows]')) box.closest('[hidden]')?.removeAttribute('hidden'); });
  on('change', (event) => {
    const field = document.getElementById(event.target.dataset?.shows);
    if (field) field.type = event.target.checked ? 'text' : 'password';
  });

  // ---- Answers that are not shown in place: say so instead of staying silent.
  const flashes = () => document.getElementById('flashes');

  function say(words) {
    const box = document.createElement('div');
    box.className = 'notice danger';
    box.setAttribute('role', 'alert');
    box.append(words);
    const dialog = document.querySelector('dialog[open] .dialog-body');
    if (dialog) { dialog.querySelector(':scope > .notice.danger')?.remove(); dialog.prepend(box); } else flashes()?.replaceChildren(box);
    box.scrollIntoView({block: 'nearest'});
  }
  on('htmx:response:error', (event) => {
    const {status, headers} = event.detail.ctx.response;
    if (shown.includes(status) || headers.get('HX-Redirect')) return;
    say(flashes()?.dataset[status === 403 ? 'denied' : 'failed'] ?? String(status));
  });
  on('htmx:error', (event) => { if (!event.detail.ctx?.response) say(flashes()?.dataset.offline ?? ''); });

  // ---- Forms that take money: the way back to one that was sent names it, so that its answer comes again.
  on('submit', (event) => {
    const name = event.target.matches('[data-once]') && event.target.elements.nonce?.value;
    if (!name) return;
    const address = new URL(location.href);
    address.searchParams.set('sent', name);
    history.replaceState(history.state, '', address);
  });

  let running = 0;
  const busy = (step) => { running = Math.max(0, running + step); document.documentElement.toggleAttribute('data-busy', running > 0); };
  on('htmx:before:request', () => busy(1));
  on('htmx:finally:request', () => busy(-1));
})();

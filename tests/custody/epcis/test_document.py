from typing import Any

import pytest

from custody.epcis.document import DocumentError, dotted, open_bare_event, open_document
from tests.custody.epcis.documents import (
    CASE,
    CONTEXT,
    EVERY_TYPE,
    EXTENSION,
    ITEM,
    PLACE,
    REPORT,
    document,
    event,
    packed,
    seen,
)

SGTIN_CLASS = "urn:epc:idpat:sgtin:4012345.066666.*"
LINK = "https://id.gs1.org/01/04012345111118"


@pytest.mark.parametrize("one", EVERY_TYPE, ids=lambda one: f"{one['type']}")
def test_events_as_the_public_examples_have_them_are_taken(one: dict[str, Any]) -> None:
    (opened,) = open_document(document(one, contexts=(EXTENSION,)), most=5)
    assert opened.violations == ()
    assert opened.event["@context"] == [EXTENSION]
    assert {name: opened.event[name] for name in one} == one


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (seen(bizStep="transforming"), "bizStep"),
        (seen(disposition="in_transport"), "disposition"),
        (seen(sourceList=[{"type": "place", "source": CASE}]), "sourceList[0].type"),
        (seen(action="ADD", ilmd={"materialType": "soil"}), "ilmd"),
        (seen(eventTime="22-07-2026"), "eventTime"),
        (seen(eventTime=None), ""),
        (seen(action="CREATE"), "action"),
        (seen(action=None), ""),
        (seen(epcList=None), ""),
        (seen(eventTimeZoneOffset="UTC"), "eventTimeZoneOffset"),
        (seen(eventTimeZoneOffset=None), ""),
        (seen(ilmd={"example:x": "1"}), ""),
        (seen(colour="red"), ""),
        (seen(epcList=[ITEM, ITEM]), "epcList"),
        (seen(bizStep="urn:epcglobal:cbv:bizstep:shipping"), "bizStep"),
        (
            seen(quantityList=[{"epcClass": SGTIN_CLASS, "quantity": "4"}]),
            "quantityList[0].quantity",
        ),
        (seen(quantityList=[{"epcClass": SGTIN_CLASS, "colour": 4}]), "quantityList[0]"),
        (seen(errorDeclaration={"reason": "did_not_occur"}), "errorDeclaration"),
        (packed(childEPCs=[]), ""),
        (event("ShippingEvent", action="ADD"), "type"),
        (event("https://ns.example.com/epcis/ShippingEvent"), "type"),
        ("no event", ""),
        ({}, ""),
    ],
)
def test_what_the_schema_refuses_is_named(one: Any, where: str) -> None:
    (opened,) = open_document(document(one), most=5)
    assert opened.violations
    assert where in {dotted(violation.path) for violation in opened.violations}


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (seen(epcList=[]), "epcList"),
        (seen(epcList=["https://id.gs1.org/01/04012345111119/21/A1"]), "epcList[0]"),
        (seen(epcList=["urn:epc:id:sgtin:4012345.0111111.9876"]), "epcList[0]"),
        (seen(epcList=["urn:epc:class:lgtin:4012345.012345.998877"]), "epcList[0]"),
        (seen(epcList=[LINK]), "epcList[0]"),
        (seen(epcList=["https://a.example/" + "x" * 600]), "epcList[0]"),
        (seen(readPoint={"id": "urn:epc:id:sgln:40123450.00011.987"}), "readPoint.id"),
        (
            seen(
                sourceList=[
                    {"type": "owning_party", "source": "https://id.gs1.org/417/4012345000001"}
                ]
            ),
            "sourceList[0].source",
        ),
        (seen(quantityList=[{"epcClass": f"{LINK}/21/A1"}]), "quantityList[0].epcClass"),
        (seen(quantityList=[{"epcClass": SGTIN_CLASS, "quantity": 0}]), "quantityList[0].quantity"),
        (
            seen(quantityList=[{"epcClass": SGTIN_CLASS, "quantity": 1.5}]),
            "quantityList[0].quantity",
        ),
        (seen(quantityList=[{"epcClass": SGTIN_CLASS, "uom": "KGM"}]), "quantityList[0].uom"),
        (packed(parentID=None), "parentID"),
        (packed(parentID=None, action="DELETE"), "parentID"),
        (packed(childEPCs=["https://id.gs1.org/00/040123450000003338"]), "parentID"),
        (seen(bizStep="https://ref.gs1.org/cbv/BizStep-transforming"), "bizStep"),
        (seen(disposition="https://ref.gs1.org/cbv/BizStep-shipping"), "disposition"),
        (
            seen(persistentDisposition={"set": ["active"], "unset": ["active"]}),
            "persistentDisposition",
        ),
        (
            seen(
                readPoint=PLACE,
                sensorElementList=[
                    {
                        "sensorMetadata": {
                            "startTime": "2020-01-02T00:00:00Z",
                            "endTime": "2020-01-01T00:00:00Z",
                        },
                        "sensorReport": [REPORT],
                    }
                ],
            ),
            "sensorElementList[0].sensorMetadata.endTime",
        ),
        (
            seen(
                eventID="urn:uuid:1",
                errorDeclaration={
                    "declarationTime": "2020-04-02T00:00:00Z",
                    "correctiveEventIDs": ["urn:uuid:1"],
                },
            ),
            "errorDeclaration.correctiveEventIDs[0]",
        ),
    ],
)
def test_what_no_schema_can_say_is_named_too(one: dict[str, Any], where: str) -> None:
    (opened,) = open_document(document(one), most=5)
    assert [dotted(violation.path) for violation in opened.violations] == [where]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], ""),
        (document(type="EPCISMasterDataDocument"), "type"),
        ({"type": "EPCISDocument", "schemaVersion": "2.0"}, ""),
        (document(schemaVersion=None), ""),
        (document(schemaVersion="two"), "schemaVersion"),
        (document(creationDate="yesterday"), "creationDate"),
        (document(epcisBody={}), "epcisBody"),
        (document(epcisBody={"eventList": {}}), "epcisBody.eventList"),
        (document(colour="red"), ""),
    ],
)
def test_a_document_that_is_none_is_refused_as_a_whole(given: Any, field: str) -> None:
    with pytest.raises(DocumentError) as caught:
        open_document(given, most=5)
    assert caught.value.field == field


def test_too_many_events_are_refused_before_any_is_read() -> None:
    with pytest.raises(DocumentError) as caught:
        open_document(document(*[{}] * 6), most=5)
    assert caught.value.type == "batch-too-large"


def test_the_results_of_a_query_are_taken_as_a_document() -> None:
    body = {
        "queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [seen()]}}
    }
    opened = open_document(document(type="EPCISQueryDocument", epcisBody=body), most=5)
    assert [one.violations for one in opened] == [()]


def test_an_event_without_an_id_is_known_by_its_hash_and_one_with_an_id_by_that() -> None:
    first, second = open_document(document(seen(), seen(eventID="urn:uuid:7")), most=5)
    assert first.event_id.startswith("ni:///sha-256;")
    assert second.event_id == "urn:uuid:7"


def test_a_bare_event_brings_its_context() -> None:
    assert open_bare_event({"@context": [CONTEXT], **seen()}).violations == ()
    assert open_bare_event(seen()).violations[0].path == ("@context",)


def test_an_event_that_is_nested_without_end_is_refused() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = {"example:x": deep}
    (opened,) = open_document(document(seen(**{"example:x": deep})), most=5)
    assert "64 levels" in opened.violations[0].detail


def test_an_object_event_may_be_of_classes_or_measurements_alone() -> None:
    classes = [{"epcClass": SGTIN_CLASS, "quantity": 4}]
    measured = [{"sensorReport": [REPORT]}]
    for members in ({"quantityList": classes}, {"sensorElementList": measured, "readPoint": PLACE}):
        (opened,) = open_document(document(seen(epcList=[], **members)), most=5)
        assert opened.violations == ()


@pytest.mark.parametrize("version", ["1.2", "1", "20.0", "3.0"])
def test_a_document_of_another_version_of_epcis_is_refused(version: str) -> None:
    with pytest.raises(DocumentError) as refused:
        open_document({**document(seen()), "schemaVersion": version}, most=5)
    assert refused.value.field == "schemaVersion"

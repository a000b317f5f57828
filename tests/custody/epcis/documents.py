"""EPCIS documents for tests, in the shapes of GS1's and OpenEPCIS's public examples."""

import copy
from typing import Any

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ITEM = "urn:epc:id:sgtin:4012345.011111.9876"
CASE = "urn:epc:id:sscc:4012345.0000000333"
PLACE = {"id": "urn:epc:id:sgln:4012345.00011.987"}
REPORT = {
    "type": "Temperature",
    "value": 26,
    "uom": "CEL",
    "deviceID": "urn:epc:id:giai:4000001.111",
}
SENSOR = {"sensorMetadata": {"time": "2020-04-02T13:05:00.000Z"}, "sensorReport": [REPORT]}


def event(type_: str = "ObjectEvent", **members: Any) -> dict[str, Any]:
    """An event with the members that each has; None leaves one out."""
    given: dict[str, Any] = {
        "type": type_,
        "eventTime": "2020-04-01T15:00:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        **members,
    }
    return {name: value for name, value in given.items() if value is not None}


def seen(**members: Any) -> dict[str, Any]:
    """An ObjectEvent of one item."""
    return event(**{"action": "OBSERVE", "epcList": [ITEM], **members})


def packed(**members: Any) -> dict[str, Any]:
    """An AggregationEvent."""
    given = {"action": "ADD", "parentID": CASE, "childEPCs": [ITEM], "bizStep": "packing"}
    return event("AggregationEvent", **{**given, **members})


def document(*events: Any, contexts: tuple[Any, ...] = (), **members: Any) -> dict[str, Any]:
    """An EPCISDocument around the events."""
    given = {
        "@context": [CONTEXT, *contexts],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2022-02-17T11:30:47.0Z",
        "epcisBody": {"eventList": [copy.deepcopy(one) for one in events]},
        **members,
    }
    return {name: value for name, value in given.items() if value is not None}


EXTENSION = {"example": "https://ns.example.com/epcis/"}
EVERY_TYPE = (
    seen(
        action="ADD",
        bizStep="commissioning",
        disposition="active",
        ilmd={"cbvmda:lotNumber": "ABC123", "example:colour": "red"},
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
        destinationList=[
            {"type": "cbv:my_own_party", "destination": "urn:epc:id:pgln:4012345.00225"}
        ],
        bizTransactionList=[{"type": "po", "bizTransaction": "http://transaction.acme.com/po/1"}],
    ),
    packed(
        childQuantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 2}]
    ),
    packed(action="DELETE", childEPCs=None, bizStep="unpacking"),
    event(
        "TransactionEvent",
        action="ADD",
        epcList=[ITEM],
        bizTransactionList=[{"bizTransaction": "urn:epc:id:gdti:4012345.11111.123"}],
    ),
    event(
        "TransformationEvent",
        inputEPCList=[ITEM],
        outputEPCList=["urn:epc:id:sgtin:4012345.077889.25"],
        inputQuantityList=[
            {"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 10.5, "uom": "KGM"}
        ],
        persistentDisposition={
            "set": ["completeness_verified"],
            "unset": ["completeness_inferred"],
        },
    ),
    event(
        "AssociationEvent",
        action="ADD",
        parentID="urn:epc:id:grai:4012345.55555.987",
        childEPCs=["urn:epc:id:giai:4000001.12345"],
        readPoint=PLACE,
        sensorElementList=[SENSOR],
    ),
    seen(errorDeclaration={"declarationTime": "2020-04-02T00:00:00Z", "reason": "incorrect_data"}),
    seen(epcList=None, bizStep="sensor_reporting", readPoint=PLACE, sensorElementList=[SENSOR]),
    seen(
        bizStep="https://example.com/bizStep/looking", **{"example:colour": {"example:inner": "x"}}
    ),
    seen(
        epcList=["https://id.example.de/01/04012345999990/21/XYZ-1234", "https://private.example/7"]
    ),
)

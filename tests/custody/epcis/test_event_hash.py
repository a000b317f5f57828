import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.epcis.event_hash import event_hash, pre_hash
from tests.custody.epcis.documents import EXTENSION, event, packed, seen

# Example 2 of the reference implementation's documentation (RalphTro/epcis-event-hash-generator).
EXAMPLE_2 = event(
    action="OBSERVE",
    bizStep="inspecting",
    epcList=["urn:epc:id:sgtin:4012345.011111.9876"],
    readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"},
    sensorElementList=[
        {
            "sensorMetadata": {
                "deviceID": "urn:epc:id:giai:4000001.111",
                "deviceMetadata": "https://id.gs1.org/8004/4000001111",
            },
            "sensorReport": [
                {"type": "Temperature", "value": 26, "sDev": 0.1, "uom": "CEL"},
                {"type": "AbsoluteHumidity", "value": 12.1, "uom": "A93"},
                {
                    "type": "Dimensionless",
                    "value": 0.05,
                    "uom": "C35",
                    "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
                },
                {
                    "type": "Dimensionless",
                    "value": 0.18,
                    "uom": "C35",
                    "chemicalSubstance": "urn:epcglobal:cbv:inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
                },
            ],
        }
    ],
)


TRANSFORMED = event(
    "TransformationEvent",
    eventTime="2020-04-01T15:00:00.1415Z",
    inputEPCList=[
        "urn:epc:id:sgtin:4012345.011111.9876",
        "https://id.gs1.org/01/09506000134352/10/L1/21/A1?17=271231",
    ],
    inputQuantityList=[
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200.5, "uom": "KGM"},
        {"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 3},
    ],
    outputEPCList=["urn:epc:id:grai:4012345.00005.77"],
    transformationID="urn:epc:id:gdti:4012345.11111.123",
    bizStep="https://ref.gs1.org/cbv/BizStep-commissioning",
    disposition="active",
    persistentDisposition={
        "set": ["completeness_verified"],
        "unset": ["completeness_inferred", "active"],
    },
    ilmd={"gs1:x": "3.50", "gs1:y": ["b", "a"]},
    certificationInfo="https://accreditation-council.example.org/certificate/ABC12345",
)
AGGREGATED = event(
    "AggregationEvent",
    eventTime="2020-04-01T15:00:00.1415Z",
    action="ADD",
    bizStep="packing",
    parentID="urn:epc:id:sscc:4012345.0000000333",
    childEPCs=["urn:epc:id:sgtin:4012345.011111.9876"],
    childQuantityList=[
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200, "uom": "KGM"}
    ],
    bizLocation={"id": "urn:epc:id:sgln:4012345.00005.0"},
    sourceList=[
        {"source": "urn:epc:id:pgln:4012345.00225", "type": "possessing_party"},
        {"source": "urn:epc:id:sgln:4012345.00225.0", "type": "location"},
    ],
)


@pytest.mark.parametrize(
    ("known", "digest"),
    [
        (EXAMPLE_2, "8e02ec93db57a1a331fcf617fe3d567eaa5c38c5002806976fff22d4db1152a6"),
        (TRANSFORMED, "9e3071c57c4aecdbf7977edfbfca000a723032f28f7584bb0e426ced08ae1d90"),
        (AGGREGATED, "477f36c71bb1ca53cf4a25efa7f6ffbf8a3e0aae33058bc3b5bc3c4548e9fa6f"),
    ],
)
def test_hashes_are_those_of_release_1_9_3_of_the_reference_implementation(
    known: dict[str, Any], digest: str
) -> None:
    assert event_hash(known) == f"ni:///sha-256;{digest}?ver=CBV2.0"


def test_extensions_follow_in_order_with_their_namespaces() -> None:
    wide = {
        "example:myField1": {"example:mySubField1": "2", "example:mySubField2": "5"},
        "example:myField2": "0",
        "example:myField3": {"example:mySubField3": ["3", "1"]},
    }
    told = pre_hash(
        seen(
            eventTime="2020-03-04T11:00:30.000+01:00",
            epcList=[f"urn:epc:id:sscc:4012345.0000000{n}" for n in ("333", "111", "222")],
            bizStep="departing",
            readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
            recordTime="2020-03-04T11:00:30.999+01:00",
            **wide,
        ),
        [EXTENSION],
    )
    assert told == (
        "eventType=ObjectEventeventTime=2020-03-04T10:00:30.000ZeventTimeZoneOffset=+01:00epcList"
        "epc=https://id.gs1.org/00/040123450000001112epc=https://id.gs1.org/00/040123450000002225"
        "epc=https://id.gs1.org/00/040123450000003338action=OBSERVE"
        "bizStep=https://ref.gs1.org/cbv/BizStep-departing"
        "readPointid=https://id.gs1.org/414/4012345000115/254/987"
        "{https://ns.example.com/epcis/}myField1{https://ns.example.com/epcis/}mySubField1=2"
        "{https://ns.example.com/epcis/}mySubField2=5{https://ns.example.com/epcis/}myField2=0"
        "{https://ns.example.com/epcis/}myField3{https://ns.example.com/epcis/}mySubField3=1"
        "{https://ns.example.com/epcis/}mySubField3=3"
    )


def test_a_type_follows_what_it_describes() -> None:
    told = pre_hash(
        seen(
            bizTransactionList=[
                {"type": "inv", "bizTransaction": "urn:epcglobal:cbv:bt:5200001000008:RE1099"},
                {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:5200001000008:4711"},
            ]
        )
    )
    assert told.endswith(
        "bizTransactionListbizTransaction=urn:epcglobal:cbv:bt:5200001000008:4711"
        "type=https://ref.gs1.org/cbv/BTT-desadv"
        "bizTransaction=urn:epcglobal:cbv:bt:5200001000008:RE1099"
        "type=https://ref.gs1.org/cbv/BTT-inv"
    )


@pytest.mark.parametrize(
    ("members", "end"),
    [
        ({"eventTime": "2023-01-18T11:04:03.1415Z"}, "eventTime=2023-01-18T11:04:03.142Z"),
        ({"eventTime": "2023-01-18T11:04:03.9995Z"}, "eventTime=2023-01-18T11:04:04.000Z"),
        ({"eventTime": "2023-01-18T11:04:03Z"}, "eventTime=2023-01-18T11:04:03.000Z"),
        ({"ilmd": {"cbvmda:lotNumber": "L1"}}, "ilmd{urn:epcglobal:cbv:mda}lotNumber=L1"),
        ({"ilmd": {"gs1:netWeight": "1.50"}}, "ilmd{https://gs1.org/voc/}netWeight=1.5"),
        ({"ilmd": {"gs1:netWeight": 1.0e-7}}, "ilmd{https://gs1.org/voc/}netWeight=0.0000001"),
        ({"ilmd": {"https://a.example/b": True}}, "ilmd{https://a.example/}b=true"),
        ({"disposition": "cbv:Disp-active"}, "disposition=https://ref.gs1.org/cbv/Disp-active"),
        (
            {"disposition": "urn:epcglobal:cbv:disp:active"},
            "disposition=https://ref.gs1.org/cbv/Disp-active",
        ),
        ({"disposition": "https://a.example/new"}, "disposition=https://a.example/new"),
    ],
)
def test_values_are_written_in_one_form(members: dict[str, Any], end: str) -> None:
    assert end in pre_hash(seen(**members))


def test_how_an_event_is_written_down_does_not_matter() -> None:
    urn = packed(childEPCs=["urn:epc:id:sgtin:4012345.011111.9876"], bizStep="packing")
    link = packed(
        eventTime="2020-04-01T14:00:00.000Z",
        parentID="https://id.gs1.org/00/040123450000003338",
        childEPCs=["https://brand.example/01/04012345111118/21/9876?17=271231"],
        bizStep="https://ref.gs1.org/cbv/BizStep-packing",
    )
    assert event_hash(urn) == event_hash(link)


def test_ids_record_times_and_declarations_play_no_part() -> None:
    declared = {"errorDeclaration": {"declarationTime": "2020-04-02T00:00:00Z"}}
    more = seen(eventID="urn:uuid:1", recordTime="2020-04-01T15:00:00Z", **declared)
    assert event_hash(more) == event_hash(seen())


CHANGES = st.sampled_from(
    [
        {"eventTime": "2020-04-01T15:00:01+01:00"},
        {"eventTimeZoneOffset": "+02:00"},
        {"action": "DELETE"},
        {"bizStep": "shipping"},
        {"disposition": "active"},
        {"epcList": ["urn:epc:id:sgtin:4012345.011111.9877"]},
        {"example:x": "1"},
        {"readPoint": {"id": "urn:epc:id:sgln:4012345.00005.0"}},
        {"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:4012345.066666.*", "quantity": 2}]},
        {"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:4012345.066666.*", "quantity": 3}]},
        {"persistentDisposition": {"set": ["active"]}},
        {"persistentDisposition": {"unset": ["active"]}},
        {"sourceList": [{"type": "location", "source": "urn:epc:id:sgln:4012345.00225.0"}]},
        {
            "destinationList": [
                {"type": "location", "destination": "urn:epc:id:sgln:4012345.00225.0"}
            ]
        },
        {"transformationID": "urn:epc:id:gdti:4012345.11111.123"},
        {"ilmd": {"example:x": "1"}},
    ]
)


@given(first=CHANGES, second=CHANGES)
def test_every_change_changes_the_hash(first: dict[str, Any], second: dict[str, Any]) -> None:
    same = first == second
    assert (event_hash(seen(**first)) == event_hash(seen(**second))) is same
    assert event_hash(seen(**first)) != event_hash(seen())


@given(st.permutations(list(EXAMPLE_2)), st.permutations(range(4)))
def test_no_order_of_members_or_reports_matters(names: list[str], reports: list[int]) -> None:
    again = copy.deepcopy({name: EXAMPLE_2[name] for name in names})
    sensor = again["sensorElementList"][0]
    sensor["sensorReport"] = [sensor["sensorReport"][index] for index in reports]
    assert event_hash(again) == event_hash(EXAMPLE_2)

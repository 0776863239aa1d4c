"""The statement is in-toto's, the envelope is DSSE's, and digests can be made by hand."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jsonschema import Draft202012Validator

import conformance
from conformance.certificate import suite_digest
from conformance.certificate.bundle import SELF_ATTESTED
from conformance.certificate.statement import Subject
from conformance.contract.catalogue import load_catalogue
from conformance.contract.schema_files import schema_folder
from conformance.judging.plan import full_plan
from conformance.product_names import LONGEST_NAME
from tests.certificate.conftest import SUBJECT, Certified

DIGEST = {
    "type": "object",
    "required": ["sha256"],
    "additionalProperties": False,
    "properties": {"sha256": {"pattern": "^[0-9a-f]{64}$"}},
}
RESOURCE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "digest": DIGEST,
        "content": {"type": "string"},
        "downloadLocation": {"type": "string"},
        "mediaType": {"type": "string"},
        "annotations": {"type": "object"},
    },
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
}
NAMES = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "additionalProperties": False,
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {"type": "array", "minItems": 1, "items": {**RESOURCE, "required": ["digest"]}},
        "predicateType": {"const": "https://in-toto.io/attestation/test-result/v0.1"},
        "predicate": {
            "type": "object",
            "required": ["result", "configuration"],
            "additionalProperties": False,
            "properties": {
                "result": {"enum": ["PASSED", "WARNED", "FAILED"]},
                "configuration": {"type": "array", "items": RESOURCE},
                "url": {"type": "string"},
                "passedTests": NAMES,
                "warnedTests": NAMES,
                "failedTests": NAMES,
            },
        },
    },
}
"""In-toto's Statement v1 with the test-result predicate v0.1, as their pages list the fields."""


def statement(certified: Certified) -> Any:
    return json.loads(base64.b64decode(json.loads(certified.content)["envelope"]["payload"]))


def test_the_statement_has_in_totos_fields_and_no_others(certified: Certified) -> None:
    Draft202012Validator(SCHEMA).validate(statement(certified))


def test_every_requirement_is_in_one_place(certified: Certified) -> None:
    predicate = statement(certified)["predicate"]
    annotations = predicate["configuration"][0]["annotations"]
    lists = [predicate[name] for name in ("passedTests", "warnedTests", "failedTests")]
    lists += [annotations[f"conformance_{name}"] for name in ("inconclusive", "waived", "not_exercised", "observed")]
    named = [rule for rules in lists for rule in rules]
    assert sorted(named) == sorted({line.requirement for line in full_plan()})
    assert predicate["result"] == "PASSED"
    assert annotations["conformance_attestation"] == "self-attested"


def test_the_subject_is_the_product_and_the_evidence(certified: Certified) -> None:
    [subject] = statement(certified)["subject"]
    assert subject["name"] == "Acme <Gateway> 2.4"
    assert subject["annotations"]["conformance_vendor"] == SUBJECT.vendor
    assert subject["digest"]["sha256"] == hashlib.sha256((certified.folder / "evidence.json").read_bytes()).hexdigest()


def test_the_signature_is_ed25519_over_the_pre_authentication_encoding(certified: Certified) -> None:
    """With nothing of ours, and not with the library that signed."""
    data = json.loads(certified.content)
    payload, kind = base64.b64decode(data["envelope"]["payload"]), data["envelope"]["payloadType"]
    encoding = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    public: Any = load_pem_public_key(data["key"].encode())
    public.verify(base64.b64decode(data["envelope"]["signatures"][0]["sig"]), encoding)


def by_hand(root: Path, files: list[Path]) -> str:
    lines = sorted((path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()


def test_the_configuration_is_the_installed_suite(certified: Certified) -> None:
    entries = {entry["name"]: entry for entry in statement(certified)["predicate"]["configuration"]}
    assert set(entries) == {"run", *suite_digest.PARTS}
    assert entries["suite"]["uri"] == f"pkg:pypi/work-conformance@{conformance.__version__}"
    assert entries["catalogue"]["annotations"] == {"conformance_catalogue_version": load_catalogue().version}
    contract, schemas = Path(conformance.__file__).parent / "contract", schema_folder()
    rules = [*contract.glob("requirements/**/*.toml"), contract / "catalogue.toml", contract / "ambiguities.toml"]
    derived = [*schemas.glob("*.json"), *schemas.glob("en/*.json"), *schemas.glob("zh/*.json")]
    assert entries["catalogue"]["digest"]["sha256"] == by_hand(contract, rules)
    assert entries["schemas"]["digest"]["sha256"] == by_hand(schemas, derived)
    assert entries["contract-sheets"]["digest"]["sha256"] == by_hand(
        schemas / "docs", list(schemas.glob("docs/**/*.md"))
    )


def test_every_module_counts() -> None:
    package = Path(conformance.__file__).parent
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = [path for path in files if not path.is_relative_to(package / "schemas")]
    assert len(files) > 150
    assert suite_digest.installed_suite().digests["suite"] == by_hand(package, files)


@pytest.mark.parametrize(
    "value", ["", " Acme", "Acme ", "a\nb", "a\x1b[2Jb", "a\u202eb", "a\u200bb", "x" * (LONGEST_NAME + 1)]
)
@pytest.mark.parametrize("name", ["vendor", "product", "version"])
def test_a_name_is_one_printable_line(name: str, value: str) -> None:
    names = {"vendor": "v", "product": "p", "version": "1"} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}$"):
        Subject(**names)


def test_a_name_may_be_in_any_script() -> None:
    longest = "网" * LONGEST_NAME
    assert Subject(vendor="示例公司", product=longest, version="2.4 β").name == f"{longest} 2.4 β"


def test_that_it_is_self_attested_is_said_in_both_languages() -> None:
    assert SELF_ATTESTED.en.startswith("Self-attested")
    assert SELF_ATTESTED.zh.startswith("自证")

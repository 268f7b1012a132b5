"""Released contracts never change, and every release reads what every earlier one wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from schemas import catalogue
from schemas.publish import PUBLISHED, ReleasedContractChanged, documents, write
from schemas.samples import SAMPLES

VERSIONS = sorted(catalogue.MODELS)


def test_every_published_file_is_what_the_models_say() -> None:
    for path, content in documents().items():
        assert (PUBLISHED / path).read_text(encoding="utf-8") == content, f"{path} is stale: run make contracts"


def test_nothing_else_is_published_as_an_event() -> None:
    published = {path.relative_to(PUBLISHED).as_posix() for path in (PUBLISHED / "events").iterdir()}
    assert published == {path for path in documents() if path.startswith("events/")}


def test_there_is_a_sample_of_every_version() -> None:
    assert set(SAMPLES) == set(catalogue.MODELS)


@pytest.mark.parametrize(("event_type", "version"), VERSIONS)
def test_a_golden_sample_fits_its_schema_and_survives_its_model(event_type: str, version: int) -> None:
    stem = PUBLISHED / "events" / f"{event_type}.v{version}"
    schema = json.loads(Path(f"{stem}.schema.json").read_text(encoding="utf-8"))
    sample = json.loads(Path(f"{stem}.sample.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(sample)
    model = catalogue.MODELS[event_type, version].model_validate(sample["data"])
    assert json.loads(model.model_dump_json()) == sample["data"]


@pytest.mark.parametrize(("event_type", "version"), VERSIONS)
def test_every_released_version_is_read_as_the_newest(event_type: str, version: int) -> None:
    fact = catalogue.read(event_type, version, dict(SAMPLES[event_type, version]))
    assert type(fact) is catalogue.MODELS[event_type, catalogue.NEWEST[event_type]]


def test_the_first_application_contract_becomes_the_second() -> None:
    old = dict(SAMPLES["application.submitted", 1])
    assert catalogue.upcast("application.submitted", 1, old)["municipalities"] == [
        {"municipality": "joensuu", "percent": 100}
    ]


def test_an_unknown_type_or_version_is_refused_by_name() -> None:
    with pytest.raises(catalogue.ContractUnknown, match=r"application\.submitted version 99"):
        catalogue.read("application.submitted", 99, {})
    with pytest.raises(catalogue.ContractUnknown, match=r"nothing\.happened"):
        catalogue.read("nothing.happened", 1, {})


def test_writing_refuses_to_change_a_released_contract(tmp_path: Path) -> None:
    shutil.copytree(PUBLISHED, tmp_path / "published")
    released = tmp_path / "published" / "events" / "decision.made.v1.schema.json"
    released.write_text(
        released.read_text(encoding="utf-8").replace("decision.made", "decision.taken"), encoding="utf-8"
    )
    with pytest.raises(ReleasedContractChanged, match=r"decision\.made\.v1"):
        write(tmp_path / "published")

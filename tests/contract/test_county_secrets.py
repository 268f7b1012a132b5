"""The folder of secrets holds what compose.yaml reads, keeps what is there, and is closed to others."""

import json
from pathlib import Path

import yaml

from deploy.county_secrets import make_secrets
from services.ledger import Signer, Verifier
from tests.tidy.tree import ROOT


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_every_secret_of_the_compose_file_is_made_and_no_other(tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    make_secrets(tmp_path / "secrets")
    files = {entry["file"].rpartition("/")[2] for entry in compose["secrets"].values()}
    assert files == set(compose["secrets"]) == set(_contents(tmp_path / "secrets"))


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    first = _contents(tmp_path)
    make_secrets(tmp_path)
    assert _contents(tmp_path) == first


def test_a_removed_password_is_made_anew_and_audit_is_told(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    before = _contents(tmp_path)
    (tmp_path / "intake_auditor_password").unlink()
    make_secrets(tmp_path)
    after = _contents(tmp_path)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"intake_auditor_password", "audit_sources"}
    assert after["intake_auditor_password"] in json.loads(after["audit_sources"])["intake"]["dsn"]


def test_no_two_passwords_are_alike_and_others_may_not_enter(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    passwords = [text for name, text in _contents(tmp_path).items() if name.endswith("_password")]
    assert len(set(passwords)) == len(passwords)
    assert min(map(len, passwords)) >= 40
    assert tmp_path.stat().st_mode & 0o077 == 0


def test_audit_is_told_the_public_keys_of_the_signing_keys(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    made = _contents(tmp_path)
    for service, source in json.loads(made["audit_sources"]).items():
        signer = Signer.load(f"grant-ledger/{service}", tmp_path / f"{service}_signing_key")
        assert source["vkey"] == f"/run/secrets/{service}_vkey"
        assert Verifier.parse(made[f"{service}_vkey"]) == signer.verifier

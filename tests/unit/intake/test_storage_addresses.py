"""A store or a scanner is opened by its address; one that cannot be used is told with what would be right."""

from pathlib import Path

import pytest
from obstore.store import LocalStore, S3Store
from pydantic import ValidationError

from services.intake.storage import AddressInvalid, ClamScanner, StoreOptions, open_store

SECRET = "not-for-eyes"


def test_a_folder_is_made_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "county" / "liitteet ä"
    store = open_store(folder.as_uri())
    assert isinstance(store, LocalStore)
    assert store.prefix == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert open_store(folder.as_uri()) == store


def test_a_bucket_takes_its_endpoint_region_and_key_from_the_options() -> None:
    options = StoreOptions(
        endpoint="http://127.0.0.1:9", region="eu-north-1", access_key_id="intake", secret_access_key=SECRET
    )
    store = open_store("s3://liitteet/pohjois-karjala/2027", options=options)
    assert isinstance(store, S3Store)
    assert store.prefix == "pohjois-karjala/2027"
    assert (store.config["bucket"], store.config["region"]) == ("liitteet", "eu-north-1")
    assert (store.config["endpoint"], store.config["access_key_id"]) == ("http://127.0.0.1:9", "intake")
    assert store.config["secret_access_key"] == SECRET
    assert SECRET not in repr(options) + repr(store)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    store = open_store("s3://liitteet", options=StoreOptions(access_key_id="intake", secret_access_key_file=path))
    assert isinstance(store, S3Store)
    assert store.config["secret_access_key"] == SECRET


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"], ids=["missing", "empty", "blank", "no text"])
def test_a_secret_file_without_a_secret_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    options = StoreOptions(access_key_id="intake", secret_access_key_file=path)
    with pytest.raises(AddressInvalid, match=f"{path} should be a file with the store's secret key"):
        open_store("s3://liitteet", options=options)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://liitteet.example/a", "should be file:///path or s3://bucket/prefix"),
        ("gs://liitteet", "should be file:///path or s3://bucket/prefix"),
        ("memory://", "should be file:///path or s3://bucket/prefix"),
        ("/var/lib/liitteet", "should be file:///path or s3://bucket/prefix"),
        ("", "should be file:///path or s3://bucket/prefix"),
        ("s3://[liitteet", "should be file:///path or s3://bucket/prefix"),
        ("file://liitteet", "the full path of a folder"),
        ("file:///", "the full path of a folder"),
        ("file:liitteet", "the full path of a folder"),
        ("file:///dev/null/liitteet", "cannot be made"),
        ("s3://", "should name a bucket"),
        ("s3:///liitteet", "should name a bucket"),
        ("s3://Liitteet", "should name a bucket"),
        ("s3://liitteet?region=x", "should have no user, '[?]' or '#'"),
        (f"s3://intake:{SECRET}@liitteet", "should have no user, '[?]' or '#'"),
        ("s3://liitteet/a/../b", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_would_be_right(url: str, message: str) -> None:
    with pytest.raises(AddressInvalid, match=message) as error:
        open_store(url)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"access_key_id": "intake"}, "go together"),
        ({"secret_access_key": SECRET}, "go together"),
        ({"secret_access_key": SECRET, "secret_access_key_file": "secret", "access_key_id": "intake"}, "not both"),
        ({"endpoint": "127.0.0.1:9000"}, "endpoint"),
        ({"secret": SECRET}, "secret"),
    ],
)
def test_half_a_key_is_refused_and_no_secret_is_shown(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as error:
        StoreOptions.model_validate(options)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("address", ["", "clamd", "clamd:", "clamd:0", "clamd:65536", "a b:1", "clamd:3310:1", "::1"])
def test_a_scanner_without_a_usable_address_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid, match="should be host:port, or the path of its unix socket"):
        ClamScanner(address)

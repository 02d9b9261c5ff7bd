"""Addresses: read, written, and refused in a line that repeats no secret."""

from __future__ import annotations

import pytest

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.served import address_of


@pytest.mark.parametrize(
    ("given", "name", "written"),
    [
        ("lancedb:///shared/folder/shop", None, "lancedb:///shared/folder/shop"),
        ("lancedb:///shared/folder/", "shop", "lancedb:///shared/folder/shop"),
        ("lancedb:///shared/folder/shop", "shop", "lancedb:///shared/folder/shop"),
        ("lance://s3://bucket/some/shop", None, "lancedb://s3://bucket/some/shop"),
        ("lancedb:///a/my%20shop", None, "lancedb:///a/my%20shop"),
        ("lancedb:///50%25/a%23b/c%3Fd/shop", None, "lancedb:///50%25/a%23b/c%3Fd/shop"),
        ("qdrant:///50%25/a#b/my folder/shop", None, "qdrant:///50%25/a%23b/my%20folder/shop"),
        ("milvus:///a?b.db/my shop", "my shop", "milvus:///a%3Fb.db/my%20shop"),
        ("qdrant://host:6333", "shop", "qdrant://host:6333/shop"),
        ("qdrant+https://host/shop", None, "qdrant+https://host/shop"),
        ("milvus:///here/file.db/shop", None, "milvus:///here/file.db/shop"),
        ("postgres://me@host:5432/base/shop", None, "postgresql://me@host:5432/base/shop"),
        ("postgresql://host/base", "shop", "postgresql://host/base/shop"),
        (
            "postgresql://postgres:@/base/shop?host=/run/x", None,
            "postgresql://postgres:@/base/shop?host=/run/x",
        ),
    ],
)  # fmt: skip
def test_an_address_is_read_and_written(given, name, written):
    found = address_of(given, name)
    assert str(found) == written
    assert address_of(str(found)) == found
    assert found.name in {"shop", "my shop"}


def test_a_relative_folder_starts_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(address_of("lancedb://./shared/shop")) == f"lancedb://{tmp_path}/shared/shop"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mongo://host/shop", "no kind of store 'mongo'"),
        ("qdrnt://host/shop", "Did you mean 'qdrant'"),
        ("qdrant://host", "write its name behind"),
        ("qdrant://", "needs a host or a folder"),
        ("lancedb://", "needs a folder"),
        ("lancedb://ftp://host/shop", "no object store 'ftp'"),
        ("postgresql://host/base", "names a database and a collection"),
        ("qdrant://host:99999/shop", "from 0 to 65535"),
        ("milvus://host/s/_", "cannot name a collection"),
        ("qdrant://me:hidden@host/shop", "QDRANT_API_KEY"),
        ("milvus://hidden@host/shop", "MILVUS_TOKEN"),
        ("postgresql://me:hidden@host/base/shop", "PGPASSWORD"),
        ("postgresql://host/base/shop?password=hidden", "PGPASSWORD"),
        ("postgresql://me:hid/den@host/base/shop", "PGPASSWORD"),
        ("postgresql://me:hidden@other@host:port/base/shop", "PGPASSWORD"),
        ("postgresql://host/base/shop?sslpassword=hidden", "PGPASSWORD"),
        ("qdrant://host/shop?api-key=hidden", "QDRANT_API_KEY"),
        ("lancedb://s3://hidden@bucket/shop", "AWS_SECRET_ACCESS_KEY"),
        ("lancedb://s3://bucket/shop?aws_secret_access_key=hidden", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(given, said):
    with pytest.raises(StoreError, match=said) as error:
        address_of(given)
    assert "hid" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_may_have_any_name():
    assert address_of("qdrant:///50%25/a#b?c/shop").place == "/50%/a#b?c"
    assert address_of("lancedb:///50%2520/shop").place == "/50%20"

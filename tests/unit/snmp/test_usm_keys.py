"""Keys from pass phrases, beside the examples of the standards."""

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol
from receivers.snmp.usm_keys import KEY_OCTETS, local_key, master_key, privacy_key

PASS_PHRASE = b"maplesyrup"
ENGINE = bytes(11) + b"\x02"


@pytest.mark.parametrize(
    ("protocol", "master", "local"),
    [
        pytest.param(
            AuthProtocol.MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b", id="rfc-3414-A.3.1"
        ),
        pytest.param(
            AuthProtocol.SHA1,
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
            id="rfc-3414-A.3.2",
        ),
        # RFC 7860 has no examples; these are what several other programs have in their tests.
        pytest.param(
            AuthProtocol.SHA224,
            "282a5867ee9aac639ad59df9572c7d3ac0fbc13a905b6df07dbbf00b",
            "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674",
            id="sha-224",
        ),
        pytest.param(
            AuthProtocol.SHA256,
            "ab51014d1e077f6017df2b12bee5f5aa72993177e9bb569c4dff5a4ca0b4afac",
            "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b",
            id="sha-256",
        ),
        pytest.param(
            AuthProtocol.SHA384,
            "e06eccdf2c68a06ed034723c9c26e0db3b669e1e2efed49150b55377a2e98f383c86fb836857444654b287c93f51ff64",
            "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3f7e2b4f36eb6f0455a53689a3937eea07319a633d2ccba78",
            id="sha-384",
        ),
        pytest.param(
            AuthProtocol.SHA512,
            "7e4396de5aadc77be853819b98c9406265b3a9c37cc3176569847a4e4f6fba63"
            "dd3a73d04924d31a63f95a601f9385af6be4ed1b37f87d040f7c6ed6f8d38a91",
            "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099"
            "ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b",
            id="sha-512",
        ),
    ],
)
def test_a_pass_phrase_becomes_a_key_and_the_key_of_an_engine(protocol: AuthProtocol, master: str, local: str) -> None:
    made = master_key(protocol, PASS_PHRASE)

    assert made.hex() == master
    assert local_key(protocol, made, ENGINE).hex() == local


@pytest.mark.parametrize(
    ("protocol", "material"),
    [
        (AuthProtocol.MD5, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12"),
        (AuthProtocol.SHA1, "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c"),
    ],
)
def test_a_short_key_is_lengthened_as_the_draft_of_3des_shows(protocol: AuthProtocol, material: str) -> None:
    local = local_key(protocol, master_key(protocol, PASS_PHRASE), ENGINE)

    assert privacy_key(protocol, PrivProtocol.DES3, local=local, engine_id=ENGINE).hex() == material
    assert privacy_key(protocol, PrivProtocol.AES256_C, local=local, engine_id=ENGINE).hex() == material
    assert privacy_key(protocol, PrivProtocol.AES192_C, local=local, engine_id=ENGINE).hex() == material[:48]


def test_the_two_ways_to_lengthen_a_key_differ_only_where_it_is_too_short() -> None:
    for protocol in AuthProtocol:
        local = local_key(protocol, master_key(protocol, PASS_PHRASE), ENGINE)
        blumenthal = privacy_key(protocol, PrivProtocol.AES256, local=local, engine_id=ENGINE)
        reeder = privacy_key(protocol, PrivProtocol.AES256_C, local=local, engine_id=ENGINE)

        assert (blumenthal == reeder) == (len(local) >= 32)


def test_every_pair_has_as_much_key_as_its_cipher_takes() -> None:
    for protocol in AuthProtocol:
        local = local_key(protocol, b"k", ENGINE)
        for cipher in PrivProtocol:
            assert len(privacy_key(protocol, cipher, local=local, engine_id=ENGINE)) == KEY_OCTETS[cipher]


def test_an_empty_pass_phrase_makes_no_key() -> None:
    with pytest.raises(ValueError, match="empty"):
        master_key(AuthProtocol.SHA1, b"")

"""User-based security of v3 (RFC 3414, 3826, 7860): opens what a user's pass phrases have sealed. Which user may speak from which
engine, the time window and replays are the caller's business."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from collector.domain.outcome import Outcome, Reason
from collector.domain.snmp_access import AuthProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from receivers.snmp import v3
from receivers.snmp.ber import BerError, content
from receivers.snmp.message import undecodable
from receivers.snmp.notification import scoped_notification
from receivers.snmp.usm_ciphers import PrivacyCipher, cipher_of
from receivers.snmp.usm_digests import DIGEST_OCTETS, Digester
from receivers.snmp.usm_keys import local_key, master_key, privacy_key

MASTER_KEYS = 16_384
"""Pass phrases whose long hash is kept, which is two for a user: 5 MB at most."""
LOCAL_KEYS = 16_384
"""Pairs of a user and an engine whose keys are kept ready: 50 MB at most."""

MasterKey: TypeAlias = Callable[[AuthProtocol, bytes], bytes]


class LocalKeys:
    """The keys of one user at one engine, ready to work. The cipher is made when it is wanted first: some cost a hash of 1 MiB,
    which nobody should bring about who has not authenticated himself."""

    __slots__ = ("_cipher", "_engine_id", "_master_key", "_user", "digester")

    def __init__(self, user: SnmpUser, engine_id: bytes, make_master_key: MasterKey = master_key) -> None:
        self._user = user
        self._engine_id = engine_id
        self._master_key = make_master_key
        self._cipher: PrivacyCipher | None = None
        self.digester: Digester | None = None
        """None when the user does not authenticate."""
        if user.auth_protocol is not None and user.auth:
            self.digester = Digester(user.auth_protocol, self._local(user.auth_protocol, user.auth))

    @property
    def cipher(self) -> PrivacyCipher | None:
        """None when the user does not encrypt. For one thread at a time."""
        user = self._user
        if self._cipher is None and user.priv_protocol is not None and user.priv and user.auth_protocol is not None:
            local = self._local(user.auth_protocol, user.priv)
            material = privacy_key(user.auth_protocol, user.priv_protocol, local=local, engine_id=self._engine_id)
            self._cipher = cipher_of(user.priv_protocol, material)
        return self._cipher

    def _local(self, protocol: AuthProtocol, pass_phrase: bytes) -> bytes:
        return local_key(protocol, self._master_key(protocol, pass_phrase), self._engine_id)


class Opened(NamedTuple):
    """A scoped PDU in the open: `data` from `begin` to `end`, its PDU at `pdu`. `context` is (contextEngineID, contextName)."""

    data: bytes
    begin: int
    pdu: int
    end: int
    context: tuple[bytes, bytes]


class KeyRing:
    """Opens v3 messages with users' pass phrases, for any number of threads.

    A pass phrase is hashed once, when a message first claims to be its user's and has a digest of the right length. The keys of
    an engine are kept once a message from it was authentic, so that invented engines push nothing out. Both are bounded; what was
    used longest ago goes first.
    """

    def __init__(self, *, master_keys: int = MASTER_KEYS, local_keys: int = LOCAL_KEYS) -> None:
        self._master_key: MasterKey = lru_cache(master_keys)(master_key)
        self._most = local_keys
        self._kept: OrderedDict[tuple[SnmpUser, bytes], LocalKeys] = OrderedDict()
        # Decryptors have a state, so two threads must not use one at a time.
        self._lock = threading.Lock()

    def unlock(self, datagram: bytes, secured: Secured, user: SnmpUser) -> Trap | NotDecoded:
        """The notification in the message whose header is `secured`, if it is from `user`, or why not. Never raises."""
        opened = self.open(datagram, secured, user)
        if isinstance(opened, NotDecoded):
            return opened
        try:
            secured.context = opened.context
            return scoped_notification(opened.data, opened.pdu, opened.end, secured=secured)
        except Exception as error:  # noqa: BLE001 - the edge, as that of message.decode
            return undecodable(error)

    def open(self, datagram: bytes, secured: Secured, user: SnmpUser) -> Opened | NotDecoded:
        """As `unlock`, but whatever PDU there is: for those who answer it. Never raises."""
        try:
            return self._open(datagram, secured, user)
        except Exception as error:  # noqa: BLE001 - the edge, as that of message.decode
            return undecodable(error)

    def keys(self, user: SnmpUser, engine_id: bytes) -> LocalKeys:
        """To seal with. They are kept like those of authentic messages, so the engine must be one that the caller knows."""
        place = user, engine_id
        # Made before the lock is taken: it takes milliseconds, and messages of others are opened meanwhile.
        keys = self._kept.get(place) or LocalKeys(user, engine_id, self._master_key)
        with self._lock:
            self._keep(place, keys)
            self._kept.move_to_end(place)
        return keys

    def _open(self, datagram: bytes, secured: Secured, user: SnmpUser) -> Opened | NotDecoded:
        """In the order of RFC 3412 section 7.2 and RFC 3414 section 3.2."""
        level = v3.level_of(secured.flags, encrypted=secured.encrypted)
        if level < user.min_level:
            return _unauthenticated(Reason.LEVEL_TOO_LOW, f"{level.word}, at least {user.min_level.word} is wanted")
        if level is SecurityLevel.NO_AUTH_NO_PRIV:
            return _plain(datagram, secured)
        refusal = _wrong_length(secured, user)
        if refusal is not None:
            return refusal
        with self._lock:
            keys = self._authentic_keys(datagram, secured, user)
            if keys is None:
                return _unauthenticated(Reason.WRONG_DIGEST, f"not the digest of {user.auth_protocol} and this pass phrase")
            if level is SecurityLevel.AUTH_PRIV:
                return _decrypted(datagram, secured, keys.cipher)
        return _plain(datagram, secured)

    def _authentic_keys(self, datagram: bytes, secured: Secured, user: SnmpUser) -> LocalKeys | None:
        """The keys that the message's digest was made with, None when it was made with others."""
        place = user, secured.engine_id
        known = self._kept.get(place)
        keys = known or LocalKeys(user, secured.engine_id, self._master_key)
        # Octets after the message are none of it (RFC 3414 section 6.3.2: the digest is of wholeMsg).
        stop = content(datagram, 1, len(datagram))[1]
        whole = datagram if stop == len(datagram) else datagram[:stop]
        if keys.digester is None or not keys.digester.verifies(whole, *secured.digest):
            return None
        if known is None:
            return self._keep(place, keys)
        self._kept.move_to_end(place)
        return keys

    def _keep(self, place: tuple[SnmpUser, bytes], keys: LocalKeys) -> LocalKeys:
        self._kept[place] = keys
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return keys


def _unauthenticated(reason: Reason, detail: str) -> NotDecoded:
    return NotDecoded(Outcome.UNAUTHENTICATED, reason, detail)


def _wrong_length(secured: Secured, user: SnmpUser) -> NotDecoded | None:
    """The refusal of a digest that cannot be right whatever the key, before any key is made. Of fewer octets, a digest could be
    guessed."""
    if user.auth_protocol is None or not user.auth:
        return _unauthenticated(Reason.WRONG_DIGEST, "the user has no pass phrase for authentication")
    begin, end = secured.digest
    octets = DIGEST_OCTETS[user.auth_protocol]
    if end - begin == octets:
        return None
    return _unauthenticated(
        Reason.WRONG_DIGEST, f"the digest has {end - begin} octets; that of {user.auth_protocol} has {octets}"
    )


def _plain(datagram: bytes, secured: Secured) -> Opened:
    begin, end = secured.body
    context, pdu, end = v3.scoped_parts(datagram, begin, end)
    return Opened(datagram, begin, pdu, end, context)


def _decrypted(datagram: bytes, secured: Secured, cipher: PrivacyCipher | None) -> Opened | NotDecoded:
    if cipher is None:
        return _unauthenticated(Reason.DECRYPTION_ERROR, "the user has no pass phrase for encryption")
    begin, end = secured.body
    plain = cipher.open(datagram[begin:end], boots=secured.boots, time=secured.time, salt=secured.salt)
    if plain is None:
        told = f"the salt has {len(secured.salt)} octets and the scoped PDU {end - begin}: not of the user's privacy protocol"
        return _unauthenticated(Reason.DECRYPTION_ERROR, told)
    try:
        context, pdu, end = v3.scoped_parts(plain, 0, len(plain))
    except (BerError, IndexError):
        return _unauthenticated(Reason.DECRYPTION_ERROR, "what comes out is no scoped PDU: another pass phrase or protocol")
    return Opened(plain, 0, pdu, end, context)

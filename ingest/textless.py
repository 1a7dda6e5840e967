"""Tells programs and signatures: files in which there is nothing to read."""

from __future__ import annotations

SIGNATURE = "a digital signature"
_MARKS = (
    (b"MZ", "a Windows program, or a part of one"),
    (b"\x7fELF", "a Linux program, or a part of one"),
    (b"\xfe\xed\xfa\xce", "a macOS program, or a part of one"),
    (b"\xfe\xed\xfa\xcf", "a macOS program, or a part of one"),
    (b"\xce\xfa\xed\xfe", "a macOS program, or a part of one"),
    (b"\xcf\xfa\xed\xfe", "a macOS program, or a part of one"),
    (b"\x00asm", "a program (WebAssembly)"),
    (b"dex\n", "an Android program"),
    (b"!<arch>\n", "a library that programs are made with"),
)
_BOTH = b"\xca\xfe\xba\xbe"  # of Java, and of macOS for several processors
_LEAST_JAVA = 45  # the version of the first Java; no program is for so many processors
_SEQUENCE = 0x30
_SIGNED = bytes.fromhex("06092a864886f70d010702")  # RFC 5652: id-signedData
_SIGNED_WITHIN = 12  # bytes: the sequence and its length stand before it
_ARMOURED = (
    *(b"-----BEGIN PKCS7-----", b"-----BEGIN PGP SIGNATURE-----"),
    b"-----BEGIN SSH SIGNATURE-----",
)


def kind_without_text(head: bytes) -> str:
    """What a file is that begins like a program or a signature; empty for any other."""
    if head.startswith(_BOTH):
        is_java = int.from_bytes(head[4:8], "big") >= _LEAST_JAVA
        return "a Java program, or a part of one" if is_java else "a macOS program"
    if head.lstrip().startswith(_ARMOURED) or is_signed(head):
        return SIGNATURE
    return next((kind for mark, kind in _MARKS if head.startswith(mark)), "")


def is_signed(head: bytes) -> bool:
    """Whether a file begins like a signature, or what is wrapped in one (PKCS #7, in DER)."""
    return head[:1] == bytes([_SEQUENCE]) and _SIGNED in head[: _SIGNED_WITHIN + len(_SIGNED)]

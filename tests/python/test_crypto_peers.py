"""src/crypto's primitives against Python's hashlib and pyca/cryptography."""

import base64
import hashlib
import hmac
import os
import random

import pytest
from cryptography.hazmat.primitives import hashes, keywrap, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from encryption_client import private_der, public_der
from json_lines import ask

LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 20000]
KEY_LENGTHS = [16, 24, 32]
HASHES = {
    "SHA224": hashes.SHA224(),
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
OAEP = {
    "RSA/ECB/OAEPWithSHA-1AndMGF1Padding": hashes.SHA1(),
    "RSA/ECB/OAEPWithSHA-256AndMGF1Padding": hashes.SHA256(),
    "RSA/ECB/OAEPWithSHA-384AndMGF1Padding": hashes.SHA384(),
    "RSA/ECB/OAEPWithSHA-512AndMGF1Padding": hashes.SHA512(),
}
NOT_VERIFIED = {"ciphertext does not verify", "signature or wrapped key does not verify"}


@pytest.fixture
def generator():
    return random.Random(int(os.environ.get("TEST_SEED", "20261125")))


@pytest.fixture
def run(programs):
    """Runs questions of which bytes may be members; the answers are bytes, or an error's text."""

    def run(*questions):
        lines = [
            {
                name: value.hex() if isinstance(value, bytes) else value
                for name, value in question.items()
            }
            for question in questions
        ]
        answers = ask(programs / "crypto_primitives", lines)
        return [answer.get("error") or base64.b64decode(answer["out"]) for answer in answers]

    return run


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def ec_key():
    return ec.generate_private_key(ec.SECP384R1())


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_sha256(run, generator):
    inputs = [generator.randbytes(length) for length in LENGTHS]
    digests = run(*({"primitive": "sha256", "data": data} for data in inputs))
    assert digests == [hashlib.sha256(data).digest() for data in inputs]


def test_macs(run, generator):
    cases = [
        (name, generator.randbytes(key_length), generator.randbytes(length))
        for name in HASHES
        for key_length in (16, 32, 64)
        for length in LENGTHS
    ]
    generator.shuffle(cases)  # contexts are kept by hash
    macs = run(
        *(
            {"primitive": "mac", "algorithm": f"Hmac{name}", "key": key, "data": data}
            for name, key, data in cases
        )
    )
    assert macs == [hmac.digest(key, data, name.lower()) for name, key, data in cases]


def test_hkdf(run, generator):
    cases = [
        (generator.randbytes(32), info, length)
        for info in ("Encryption", "Signing", "", "x" * 256)
        for length in (1, 16, 31, 32, 33, 64, 255 * 32)
    ]
    keys = run(
        *(
            {"primitive": "hkdf", "key": secret, "info": info, "length": length}
            for secret, info, length in cases
        )
    )
    assert keys == [
        HKDF(hashes.SHA256(), length, None, info.encode()).derive(secret)
        for secret, info, length in cases
    ]


def cbc(key, iv, data, encrypts=True):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    worker = cipher.encryptor() if encrypts else cipher.decryptor()
    return worker.update(data) + worker.finalize()


def padded(data):
    padder = padding.PKCS7(128).padder()
    return padder.update(data) + padder.finalize()


def test_cbc_both_ways(run, generator):
    cases = [
        (generator.randbytes(key_length), generator.randbytes(16), generator.randbytes(length))
        for key_length in KEY_LENGTHS
        for length in LENGTHS
    ]
    generator.shuffle(cases)  # contexts are kept from key to key
    ciphertexts = [cbc(key, iv, padded(data)) for key, iv, data in cases]
    assert ciphertexts == run(
        *(
            {"primitive": "cbc_encrypt", "key": key, "iv": iv, "data": data}
            for key, iv, data in cases
        )
    )
    assert [data for _, _, data in cases] == run(
        *(
            {"primitive": "cbc_decrypt", "key": key, "iv": iv, "data": ciphertext}
            for (key, iv, _), ciphertext in zip(cases, ciphertexts, strict=True)
        )
    )


def is_padded(block):
    return 1 <= block[-1] <= 16 and block.endswith(bytes([block[-1]]) * block[-1])


def test_every_last_byte_of_padding(run, generator):
    key, iv = generator.randbytes(32), generator.randbytes(16)
    blocks = [generator.randbytes(15) + bytes([last]) for last in range(256)]
    blocks += [bytes([0]) * 15 + bytes([1]), *(bytes([n]) * 16 for n in range(1, 18))]
    blocks += [bytes([0]) + bytes([16]) * 15, bytes([3, 2]).rjust(14) + bytes([3, 3])]
    answers = run(
        *(
            {"primitive": "cbc_decrypt", "key": key, "iv": iv, "data": cbc(key, iv, block)}
            for block in blocks
        )
    )
    for block, answer in zip(blocks, answers, strict=True):
        expected = block[: 16 - block[-1]] if is_padded(block) else "ciphertext does not verify"
        assert answer == expected, block


def test_ciphertext_that_is_no_whole_number_of_blocks(run, generator):
    key, iv = generator.randbytes(32), generator.randbytes(16)
    ciphertext = cbc(key, iv, padded(bytes(40)))
    lengths = [length for length in range(len(ciphertext)) if length % 16 != 0 or length == 0]
    answers = run(
        *(
            {"primitive": "cbc_decrypt", "key": key, "iv": iv, "data": ciphertext[:length]}
            for length in lengths
        )
    )
    assert set(answers) == {"ciphertext does not verify"}


def test_key_unwrap(run, generator):
    cases = [
        (generator.randbytes(wrapping_length), generator.randbytes(length))
        for wrapping_length in KEY_LENGTHS
        for length in KEY_LENGTHS
    ]
    answers = run(
        *(
            {
                "primitive": "unwrap",
                "key": wrapping_key,
                "data": keywrap.aes_key_wrap(wrapping_key, key),
                "length": 32,
            }
            for wrapping_key, key in cases
        )
    )
    assert answers == [key for _, key in cases]


def test_damaged_wrapped_keys(run, generator):
    wrapping_key = generator.randbytes(32)
    wrapped = keywrap.aes_key_wrap(wrapping_key, generator.randbytes(32))
    too_large = keywrap.aes_key_wrap(wrapping_key, generator.randbytes(40))
    damaged = [flipped(wrapped, bit) for bit in range(len(wrapped) * 8)]
    damaged += [wrapped[:length] for length in range(len(wrapped))]
    damaged += [wrapped + bytes(1), wrapped + bytes(8), too_large]
    answers = run(
        *({"primitive": "unwrap", "key": wrapping_key, "data": d, "length": 32} for d in damaged)
    )
    assert set(answers) == {"ciphertext does not verify"}


def rsa_wrapped(rsa_key, algorithm, key):
    if algorithm in OAEP:
        scheme = rsa_padding.OAEP(
            # Java's OAEP masks with SHA-1 whatever the digest is
            mgf=rsa_padding.MGF1(hashes.SHA1()),
            algorithm=OAEP[algorithm],
            label=None,
        )
    else:
        scheme = rsa_padding.PKCS1v15()
    return rsa_key.public_key().encrypt(key, scheme)


def test_rsa_unwrap(run, generator, rsa_key):
    names = [*OAEP, "RSA", "RSA/ECB/PKCS1Padding"]
    cases = [(name, generator.randbytes(length)) for name in names for length in KEY_LENGTHS]
    question = {"primitive": "rsa_unwrap", "key": private_der(rsa_key), "length": 32}
    answers = run(
        *(
            {**question, "algorithm": name, "data": rsa_wrapped(rsa_key, name, key)}
            for name, key in cases
        )
    )
    assert answers == [key for _, key in cases]


def test_damaged_rsa_wrapped_keys(run, generator, rsa_key):
    name = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"
    wrapped = rsa_wrapped(rsa_key, name, generator.randbytes(32))
    damaged = [flipped(wrapped, bit) for bit in range(0, len(wrapped) * 8, 37)]
    damaged += [wrapped[:-1], wrapped + b"\0", b"", rsa_wrapped(rsa_key, name, bytes(33))]
    question = {"primitive": "rsa_unwrap", "key": private_der(rsa_key), "length": 32}
    answers = run(*({**question, "algorithm": name, "data": data} for data in damaged))
    assert set(answers) <= NOT_VERIFIED
    (other,) = run(
        {**question, "algorithm": "RSA/ECB/OAEPWithSHA-384AndMGF1Padding", "data": wrapped}
    )
    assert other in NOT_VERIFIED


def signed(key, name, data):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, rsa_padding.PKCS1v15(), HASHES[name])
    return key.sign(data, ec.ECDSA(HASHES[name]))


@pytest.mark.parametrize("family", ["RSA", "ECDSA"])
def test_signatures(run, generator, family, rsa_key, ec_key):
    key = {"RSA": rsa_key, "ECDSA": ec_key}[family]
    data = generator.randbytes(1000)
    names = ["SHA256", "SHA384", "SHA512"] + (["SHA224"] if family == "RSA" else [])
    for name in names:
        signature = signed(key, name, data)
        question = {
            "primitive": "verify",
            "algorithm": f"{name}with{family}",
            "key": public_der(key),
            "data": data,
            "signature": signature,
        }
        bits = range(0, len(signature) * 8, 53)
        answers = run(
            question,
            {**question, "data": flipped(data, 4321)},
            {**question, "signature": signature[:-1]},
            {**question, "signature": b""},
            {**question, "algorithm": f"{name}with{'ECDSA' if family == 'RSA' else 'RSA'}"},
            *({**question, "signature": flipped(signature, bit)} for bit in bits),
        )
        assert answers[0] == b""
        assert set(answers[1:]) - {"no such algorithm"} <= NOT_VERIFIED


def test_keys_must_be_whole(run, rsa_key):
    der = private_der(rsa_key)
    question = {"primitive": "rsa_unwrap", "algorithm": "RSA", "length": 32, "data": b"x"}
    answers = run(*({**question, "key": key} for key in (der[:-1], der + b"\0", b"", b"junk")))
    assert set(answers) == {"bytes are not a key in DER"}


def test_random_bytes_differ(run):
    answers = run(*({"primitive": "random", "length": 1000} for _ in range(20)))
    assert len({answer[i : i + 16] for answer in answers for i in range(0, 992, 16)}) == 20 * 62

/*
 * encryption_client.h
 *		Items of AWS's DynamoDB Encryption Client, opened and made.
 *
 * An encrypted item has two attributes more: a description of how it was encrypted, and a signature
 * over the names and stored values of all attributes but these two and those that are not signed.
 * An encrypted attribute is a binary: 16 bytes of initialization vector and the AES-CBC ciphertext
 * of the serialized value, which only the signature binds to its name.
 *
 * Keys are asked for between two steps, so that many items can wait for theirs together:
 *
 *   encryption_client_prepare_decryption   what is to be asked for, from the description
 *   … KMS's Decrypt, or the table of keys; both are the caller's, and so is the check that the key
 *   of KMS that answered is one that may open the table's items …
 *   encryption_client_keys_from_data_key   the item's keys, if they come from KMS
 *   encryption_client_decrypt              verify, then decrypt
 *
 * and when writing:
 *
 *   encryption_client_prepare_encryption   what is to be asked for
 *   … KMS's GenerateDataKey …
 *   encryption_client_keys_from_data_key, encryption_client_describe_data_key
 *   encryption_client_encrypt
 *
 * An item that is not as the format promises, or not as it was written, is RESULT_NOT_VERIFIED.
 * From the signature on that has one message, whatever is wrong, and nothing is decrypted before
 * the signature verifies. All other failures are of the machine or of the caller.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_H
#define CRYPTO_ENCRYPTION_CLIENT_H

#include "aws/kms.h"
#include "crypto/encryption_client_description.h"
#include "crypto/encryption_client_table.h"
#include "crypto/primitives.h"
#include "crypto/public_key.h"
#include "crypto/random_source.h"

/*
 * Bytes of the data keys that KMS is asked for. AWS's library for Java asked for 256 until 2016;
 * KMS gives 1024 at most.
 */
#define DATA_KEY_LENGTH         32
#define DATA_KEY_LENGTH_MAXIMUM 1024

#define CONTEXT_PAIRS_MAXIMUM 5

/* What KMS is to be asked: Decrypt of a ciphertext, or GenerateDataKey, where there is none. */
typedef struct DataKeyRequest
{
	Bytes ciphertext;
	KmsContextPair context[CONTEXT_PAIRS_MAXIMUM]; /* no name twice */
	uint32_t context_count;
} DataKeyRequest;

/* The algorithms of an item whose keys come from KMS, and the lengths of its keys in bytes. */
typedef struct DerivedKeys
{
	const Algorithm *content;
	size_t content_key_length;
	const Algorithm *mac;
	size_t signing_key_length;
} DerivedKeys;

/* What an item's content key is wrapped as. */
typedef struct WrappedKey
{
	Bytes bytes;
	const Algorithm *wrap; /* NULL: what the key that unwraps takes, PKCS #1 v1.5 if that is RSA */
	size_t content_key_length; /* in bytes; 0: the description does not say */
} WrappedKey;

/* The keys of a table of keys that an item was encrypted with. */
typedef struct MaterialId
{
	Bytes name;
	Bytes version; /* decimal digits */
} MaterialId;

/* An item between the two steps. Everything is borrowed from the item and the step's arena. */
typedef struct EncryptedItem
{
	const DynamodbItem *item;
	const CryptoAction *actions; /* of each of its attributes */
	Bytes signature;
	bool has_cipher_mode;          /* and it is the format's */
	const Bytes *signature_method; /* the name of its algorithm; NULL: not said */
	DerivedKeys derived;           /* PROVIDER_AWS_KMS */
	DataKeyRequest data_key;       /* PROVIDER_AWS_KMS */
	WrappedKey wrapped;            /* PROVIDER_WRAPPED, PROVIDER_MATERIAL_STORE */
	MaterialId material;           /* PROVIDER_MATERIAL_STORE */
} EncryptedItem;

/* A secret key of at most SECRET_KEY_MAXIMUM bytes. */
typedef struct SecretKey
{
	unsigned char bytes[SECRET_KEY_MAXIMUM];
	size_t length; /* 0: there is none */
} SecretKey;

/*
 * The keys of an item. It signs with `signing_key` and `mac`, or verifies with `verification_key`;
 * its content is encrypted with `content_key`, or with a wrapped one that `wrapping_key` or
 * `unwrapping_key` opens. The asymmetric keys are borrowed.
 */
typedef struct EncryptionClientKeys
{
	const Algorithm *mac;
	SecretKey signing_key;
	AsymmetricKey *verification_key; /* NULL: there is none */
	SecretKey content_key;
	SecretKey wrapping_key;        /* of AESWrap */
	AsymmetricKey *unwrapping_key; /* NULL: there is none */
} EncryptionClientKeys;

/* Overwrites the secret keys. */
extern void encryption_client_keys_wipe(EncryptionClientKeys *keys);

/* Sets a secret key; false, with no key set, when it is longer than SECRET_KEY_MAXIMUM. */
extern bool secret_key_set(SecretKey *key, Bytes bytes) MUST_CHECK;

/*
 * Reads what the item, which is borrowed, says of how it was encrypted. RESULT_NOT_VERIFIED, with
 * messages that say what is wrong, for an item without signature or key attributes, and for a
 * description that is malformed, of another version, not of the table's provider, or names an
 * algorithm that algorithms.h does not have.
 */
extern CheckedResult encryption_client_prepare_decryption(Arena *arena,
                                                          const EncryptionClientTable *table,
                                                          const DynamodbItem *item,
                                                          EncryptedItem *encrypted) MUST_CHECK;

/*
 * Verifies the signature in all forms that the table accepts, in constant time, and then decrypts.
 * The plaintext item has the encrypted one's attributes in their order, without the two of the
 * encryption; what was not encrypted is borrowed, the rest is in `arena`, which is one of secret
 * contents. Nothing of the arena is to be looked at after a failure.
 */
extern CheckedResult encryption_client_decrypt(CryptoHandles *handles, Arena *arena,
                                               const EncryptionClientTable *table,
                                               const EncryptedItem *encrypted,
                                               const EncryptionClientKeys *keys,
                                               DynamodbItem *plaintext) MUST_CHECK;

/*
 * Derives both keys of an item from the data key that KMS gave. The caller wipes them, whatever the
 * result. RESULT_NOT_VERIFIED for a data key that is shorter than DATA_KEY_LENGTH or longer than
 * DATA_KEY_LENGTH_MAXIMUM.
 */
extern CheckedResult encryption_client_keys_from_data_key(CryptoHandles *handles,
                                                          const DerivedKeys *derived,
                                                          Bytes data_key,
                                                          EncryptionClientKeys *keys) MUST_CHECK;

/* An item to be written, between the two steps. Borrowed as EncryptedItem. */
typedef struct PlaintextItem
{
	DynamodbItem item;           /* as it is to be written, not yet encrypted */
	const CryptoAction *actions; /* of each of its attributes */
	DerivedKeys derived;         /* PROVIDER_AWS_KMS */
	DataKeyRequest data_key;     /* PROVIDER_AWS_KMS: the context of GenerateDataKey */
} PlaintextItem;

/*
 * Sees what there is to encrypt in an item, which is borrowed. KMS is told the text of a number
 * that is a key, so that is respelled to be the one that DynamoDB gives back.
 *
 * RESULT_INVALID_ARGUMENT for an item that has an attribute of the encryption's own, or lacks a key
 * attribute, or has one that is no string, number or binary.
 */
extern CheckedResult encryption_client_prepare_encryption(Arena *arena,
                                                          const EncryptionClientTable *table,
                                                          const DynamodbItem *item,
                                                          PlaintextItem *plaintext) MUST_CHECK;

/* The description, in `arena`, of an item whose data key KMS encrypted to `ciphertext`. */
extern CheckedResult
encryption_client_describe_data_key(Arena *arena, Bytes ciphertext,
                                    MaterialDescription *description) MUST_CHECK;

/*
 * Encrypts and signs in the table's form, with keys that have a MAC's signing key, and a content
 * key if anything is to be encrypted. `description` says where these come from; how they are used
 * is added to it. The encrypted item's new values are in `arena`, in which plaintext passes, so it
 * is one of secret contents; the others are borrowed.
 */
extern CheckedResult
encryption_client_encrypt(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
                          const PlaintextItem *plaintext, const EncryptionClientKeys *keys,
                          const MaterialDescription *description, const RandomSource *random,
                          DynamodbItem *encrypted) MUST_CHECK;

#endif

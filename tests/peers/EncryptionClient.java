/*
 * EncryptionClient.java
 *		AWS's DynamoDB Encryption Client for Java, for test_encryption_client_java.py.
 *
 * A JSON object a line in, one a line out. Bytes, and items and values in typed JSON, are
 * hexadecimal in, base64 and typed JSON out.
 *
 * serialize  value                            -> bytes
 * encrypt    item, table, actions, provider   -> item
 * decrypt    item, table, actions, provider   -> item
 *
 * table: name, hash_key, range_key. actions: {name in hexadecimal: number}. provider: one of
 * kms {endpoint, region, key_id}, static {content_key, mac, signing_key},
 * wrapped {wrapping_key | unwrapping_key and wrapping_public_key, mac and signing_key | signature,
 * private_key and verification_key}, store {endpoint, region, key_id, table, material}.
 */
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.DynamoDBEncryptor;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionContext;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.EncryptionFlags;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.CachingMostRecentProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.DirectKmsMaterialProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.EncryptionMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.SymmetricStaticProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.WrappedMaterialsProvider;
import com.amazonaws.services.dynamodbv2.datamodeling.encryption.providers.store.MetaStore;
import com.amazonaws.services.dynamodbv2.datamodeling.internal.AttributeValueMarshaller;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

public class EncryptionClient {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      byte[] answer = JSON.writeValueAsBytes(answer(JSON.readTree(line)));
      System.out.write(answer);
      System.out.write('\n');
      System.out.flush();
    }
  }

  private static Object answer(JsonNode question) {
    try {
      switch (question.get("operation").asText()) {
        case "serialize":
          return Map.of("bytes", serialize(value(typedJson(question, "value"))));
        case "encrypt":
          return Map.of("item", json(crypt(question, true)));
        case "decrypt":
          return Map.of("item", json(crypt(question, false)));
        default:
          return Map.of("error", "no such operation");
      }
    } catch (Exception exception) {
      return Map.of("error", exception.toString());
    }
  }

  private static byte[] bytes(JsonNode node, String name) {
    String digits = node.get(name).asText();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < digits.length(); i += 2) {
      out.write(Integer.parseInt(digits.substring(i, i + 2), 16));
    }
    return out.toByteArray();
  }

  private static JsonNode typedJson(JsonNode node, String name) throws Exception {
    return JSON.readTree(bytes(node, name));
  }

  private static byte[] serialize(AttributeValue value) {
    ByteBuffer buffer = AttributeValueMarshaller.marshall(value);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static Map<String, AttributeValue> crypt(JsonNode question, boolean encrypts)
      throws Exception {
    JsonNode table = question.get("table");
    EncryptionContext.Builder context = new EncryptionContext.Builder();
    context.withTableName(table.get("name").asText());
    context.withHashKeyName(table.get("hash_key").asText());
    if (table.get("range_key").asText().length() > 0) {
      context.withRangeKeyName(table.get("range_key").asText());
    }
    DynamoDBEncryptor encryptor = DynamoDBEncryptor.getInstance(provider(question.get("provider")));
    Map<String, AttributeValue> item = item(typedJson(question, "item"));
    Map<String, Set<EncryptionFlags>> flags = flags(question.get("actions"));
    return encrypts
        ? encryptor.encryptRecord(item, flags, context.build())
        : encryptor.decryptRecord(item, flags, context.build());
  }

  private static Map<String, Set<EncryptionFlags>> flags(JsonNode actions) {
    Map<String, Set<EncryptionFlags>> flags = new HashMap<>();
    actions
        .fieldNames()
        .forEachRemaining(
            name -> {
              int action = actions.get(name).asInt();
              EnumSet<EncryptionFlags> set = EnumSet.noneOf(EncryptionFlags.class);
              if (action > 0) set.add(EncryptionFlags.SIGN);
              if (action > 1) set.add(EncryptionFlags.ENCRYPT);
              String text = new String(bytes(JSON.valueToTree(Map.of("n", name)), "n"),
                  StandardCharsets.UTF_8);
              flags.put(text, set);
            });
    return flags;
  }

  // --- where keys come from

  private static EncryptionMaterialsProvider provider(JsonNode node) throws Exception {
    if (node.has("kms")) return new DirectKmsMaterialProvider(kms(node.get("kms")), keyId(node.get("kms")));
    if (node.has("static")) return staticProvider(node.get("static"));
    if (node.has("wrapped")) return wrappedProvider(node.get("wrapped"));
    return storeProvider(node.get("store"));
  }

  private static AWSStaticCredentialsProvider credentials() {
    return new AWSStaticCredentialsProvider(new BasicAWSCredentials("AKIDTEST", "test"));
  }

  private static EndpointConfiguration endpoint(JsonNode node) {
    return new EndpointConfiguration(node.get("endpoint").asText(), node.get("region").asText());
  }

  private static String keyId(JsonNode node) {
    return node.get("key_id").asText();
  }

  private static AWSKMS kms(JsonNode node) {
    return AWSKMSClientBuilder.standard()
        .withEndpointConfiguration(endpoint(node))
        .withCredentials(credentials())
        .build();
  }

  private static SecretKey secretKey(JsonNode node, String name, String algorithm) {
    return new SecretKeySpec(bytes(node, name), algorithm);
  }

  private static EncryptionMaterialsProvider staticProvider(JsonNode node) {
    return new SymmetricStaticProvider(
        secretKey(node, "content_key", "AES"),
        secretKey(node, "signing_key", node.get("mac").asText()));
  }

  private static KeyPair keyPair(JsonNode node, String privateName, String publicName, String family)
      throws Exception {
    KeyFactory factory = KeyFactory.getInstance(family);
    return new KeyPair(
        factory.generatePublic(new X509EncodedKeySpec(bytes(node, publicName))),
        factory.generatePrivate(new PKCS8EncodedKeySpec(bytes(node, privateName))));
  }

  private static EncryptionMaterialsProvider wrappedProvider(JsonNode node) throws Exception {
    Map<String, String> description = new HashMap<>();
    if (node.has("signature")) {
      String signature = node.get("signature").asText();
      description.put("amzn-ddb-map-signingAlg", signature);
      KeyPair wrapping = keyPair(node, "unwrapping_key", "wrapping_public_key", "RSA");
      KeyPair signing =
          keyPair(
              node, "private_key", "verification_key", signature.endsWith("RSA") ? "RSA" : "EC");
      return new WrappedMaterialsProvider(
          wrapping.getPublic(), wrapping.getPrivate(), signing, description);
    }
    SecretKey wrapping = secretKey(node, "wrapping_key", "AES");
    SecretKey signing = secretKey(node, "signing_key", node.get("mac").asText());
    return new WrappedMaterialsProvider(wrapping, wrapping, signing, description);
  }

  private static EncryptionMaterialsProvider storeProvider(JsonNode node) {
    AmazonDynamoDB dynamodb =
        AmazonDynamoDBClientBuilder.standard()
            .withEndpointConfiguration(endpoint(node))
            .withCredentials(credentials())
            .build();
    DynamoDBEncryptor encryptor =
        DynamoDBEncryptor.getInstance(new DirectKmsMaterialProvider(kms(node), keyId(node)));
    MetaStore store = new MetaStore(dynamodb, node.get("table").asText(), encryptor);
    return new CachingMostRecentProvider(store, node.get("material").asText(), 60_000);
  }

  // --- DynamoDB's typed JSON

  private static Map<String, AttributeValue> item(JsonNode node) {
    Map<String, AttributeValue> item = new LinkedHashMap<>();
    node.fields().forEachRemaining(field -> item.put(field.getKey(), value(field.getValue())));
    return item;
  }

  private static List<String> texts(JsonNode node) {
    List<String> texts = new ArrayList<>();
    node.forEach(element -> texts.add(element.asText()));
    return texts;
  }

  private static ByteBuffer binary(String text) {
    return ByteBuffer.wrap(Base64.getDecoder().decode(text));
  }

  private static AttributeValue value(JsonNode node) {
    String type = node.fieldNames().next();
    JsonNode content = node.get(type);
    AttributeValue value = new AttributeValue();
    switch (type) {
      case "S":
        return value.withS(content.asText());
      case "N":
        return value.withN(content.asText());
      case "B":
        return value.withB(binary(content.asText()));
      case "BOOL":
        return value.withBOOL(content.asBoolean());
      case "NULL":
        return value.withNULL(true);
      case "SS":
        return value.withSS(texts(content));
      case "NS":
        return value.withNS(texts(content));
      case "BS":
        List<ByteBuffer> binaries = new ArrayList<>();
        texts(content).forEach(text -> binaries.add(binary(text)));
        return value.withBS(binaries);
      case "L":
        List<AttributeValue> elements = new ArrayList<>();
        content.forEach(element -> elements.add(value(element)));
        return value.withL(elements);
      case "M":
        return value.withM(item(content));
      default:
        throw new IllegalArgumentException(type);
    }
  }

  private static byte[] content(ByteBuffer buffer) {
    ByteBuffer copy = buffer.duplicate();
    copy.rewind();
    byte[] bytes = new byte[copy.remaining()];
    copy.get(bytes);
    return bytes;
  }

  private static ObjectNode json(Map<String, AttributeValue> item) {
    ObjectNode node = JSON.createObjectNode();
    item.forEach((name, value) -> node.set(name, JSON.valueToTree(json(value))));
    return node;
  }

  private static Map<String, ?> json(AttributeValue value) {
    if (value.getS() != null) return Map.of("S", value.getS());
    if (value.getN() != null) return Map.of("N", value.getN());
    if (value.getB() != null) return Map.of("B", content(value.getB()));
    if (value.getBOOL() != null) return Map.of("BOOL", value.getBOOL());
    if (value.getNULL() != null) return Map.of("NULL", true);
    if (value.getSS() != null) return Map.of("SS", value.getSS());
    if (value.getNS() != null) return Map.of("NS", value.getNS());
    if (value.getL() != null) {
      List<Map<String, ?>> elements = new ArrayList<>();
      value.getL().forEach(element -> elements.add(json(element)));
      return Map.of("L", elements);
    }
    if (value.getM() != null) return Map.of("M", json(value.getM()));
    List<byte[]> binaries = new ArrayList<>();
    value.getBS().forEach(binary -> binaries.add(content(binary)));
    return Map.of("BS", binaries);
  }
}

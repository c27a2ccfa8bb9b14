package io.stoker.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.round.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;
  private static TrainResult trained;

  private final Configuration hadoop = new Configuration();

  /** A copy of a run with checkpoints of rounds 2, 4 and 6, for a test to damage. */
  private Path run;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    trained =
        TrainJob.run(
            spark,
            job.config("original").checkpointEvery(2).build(),
            ExistingRun.REFUSE,
            RoundListener.NONE);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @BeforeEach
  void copy(TestInfo test) throws IOException {
    Path original = job.run("original");
    run = folder.resolve(test.getDisplayName().replaceAll("\\W", ""));
    Files.walkFileTree(
        original,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectory(run.resolve(original.relativize(directory)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(file, run.resolve(original.relativize(file)));
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Test
  void saysWhatItHolds() throws Exception {
    JsonNode manifest = json(checkpoint(6).resolve("manifest.json"));
    byte[] file = Files.readAllBytes(checkpoint(6).resolve("model.zip"));

    assertThat(manifest.at("/clock/round").asInt()).isEqualTo(6);
    assertThat(manifest.at("/clock/epoch").asInt()).isEqualTo(2);
    assertThat(manifest.at("/clock/examples").asInt()).isEqualTo(2 * 271);
    assertThat(manifest.at("/seed").asInt()).isEqualTo(3);
    assertThat(manifest.at("/file/bytes").asInt()).isEqualTo(file.length);
    assertThat(manifest.at("/file/sha256").asText()).isEqualTo(sha256(file));
    assertThat(manifest.at("/config_sha256").asText())
        .isEqualTo(json(run.resolve("run.json")).at("/config_sha256").asText());
  }

  @Test
  void holdsTheVectorsWhereTheManifestSays() throws Exception {
    JsonNode manifest = json(checkpoint(6).resolve("manifest.json"));
    byte[] file = Files.readAllBytes(checkpoint(6).resolve("model.zip"));
    int count = manifest.at("/file/parameters").asInt();
    float[] parameters = new float[count];
    ByteBuffer.wrap(file, manifest.at("/file/parameters_offset").asInt(), count * Float.BYTES)
        .order(ByteOrder.BIG_ENDIAN)
        .asFloatBuffer()
        .get(parameters);
    ByteBuffer littleEndian =
        ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    littleEndian.asFloatBuffer().put(parameters);

    assertThat(parameters).isEqualTo(TinyJob.parameters(run.toString()));
    assertThat(sha256(littleEndian.array()))
        .isEqualTo(manifest.at("/parameters_sha256").asText())
        .isEqualTo(trained.parametersSha256());
    assertThat(manifest.at("/file/updater_state_offset").asInt())
        .isGreaterThan(manifest.at("/file/parameters_offset").asInt() + count * Float.BYTES);
  }

  @Test
  void isFoundByFolderFileAndRun() {
    for (Path way : Arrays.asList(run, checkpoint(6), checkpoint(6).resolve("model.zip"))) {
      assertThat(ModelFiles.open(way.toString(), hadoop).parametersSha256())
          .isEqualTo(trained.parametersSha256());
    }
  }

  @Test
  void isSkippedWhenTruncated() throws IOException {
    Path file = checkpoint(6).resolve("model.zip");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1000));

    assertThat(newest()).isEqualTo(4);
    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("000006")
        .hasMessageContaining("it has 1000 bytes, the manifest says");
  }

  @Test
  void isSkippedWhenAltered() throws IOException {
    Path file = checkpoint(6).resolve("model.zip");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);

    assertThat(newest()).isEqualTo(4);
    assertThatThrownBy(() -> ModelFiles.open(file.toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("SHA-256 is")
        .hasMessageContaining("the manifest says");
  }

  @Test
  void isSkippedWhenUnfinished() throws IOException {
    Files.delete(checkpoint(6).resolve("manifest.json"));
    Files.writeString(checkpoint(4).resolve("manifest.json"), "{\"format_ver");

    assertThat(newest()).isEqualTo(2);
    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("no manifest.json");
    assertThatThrownBy(() -> ModelFiles.open(checkpoint(4).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("manifest.json");
  }

  @Test
  void isSkippedWhenItsModelFileIsGone() throws IOException {
    Files.delete(checkpoint(6).resolve("model.zip"));

    assertThat(newest()).isEqualTo(4);
  }

  @Test
  void isOfAnotherFormatVersionInTime() throws IOException {
    ObjectNode manifest = (ObjectNode) json(checkpoint(6).resolve("manifest.json"));
    manifest.put("format_version", 2);
    Files.writeString(checkpoint(6).resolve("manifest.json"), manifest.toString());

    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Invalid format version: 2 (this Stoker reads version 1)");
  }

  @Test
  void resumesFromTheNewestThatIsValid() throws IOException {
    Files.write(checkpoint(6).resolve("model.zip"), new byte[] {1}, StandardOpenOption.APPEND);

    TrainResult resumed =
        TrainJob.run(
            spark,
            job.config(run.getFileName().toString()).checkpointEvery(2).build(),
            ExistingRun.RESUME,
            RoundListener.NONE);

    assertThat(resumed.examples()).isEqualTo(96 + 79);
    assertThat(resumed.parametersSha256()).isEqualTo(trained.parametersSha256());
    assertThat(newest()).isEqualTo(6);
  }

  @Test
  void beginsAgainWhenNoneIsValid() throws IOException {
    for (int round = 2; round <= 6; round += 2) {
      Files.delete(checkpoint(round).resolve("manifest.json"));
    }

    TrainResult resumed =
        TrainJob.run(
            spark,
            job.config(run.getFileName().toString()).checkpointEvery(2).build(),
            ExistingRun.RESUME,
            RoundListener.NONE);

    assertThat(resumed.examples()).isEqualTo(2 * 271);
    assertThat(resumed.parametersSha256()).isEqualTo(trained.parametersSha256());
  }

  @Test
  void isDeletedOnlyWhenCompleteAndOnlyItsOwnFiles() throws IOException {
    Files.writeString(checkpoint(2).resolve("notes.txt"), "mine");
    Files.createDirectory(run.resolve("checkpoints/best"));
    Files.createDirectory(run.resolve("checkpoints/000001"));

    CheckpointStore store = new CheckpointStore(new org.apache.hadoop.fs.Path(run.toUri()), hadoop);
    store.keep(store.newestValid().orElseThrow().checkpoint().orElseThrow(), 1, Set.of());

    assertThat(checkpoint(2)).isDirectoryContaining("glob:**/notes.txt");
    assertThat(checkpoint(2).resolve("model.zip")).doesNotExist();
    assertThat(checkpoint(4)).doesNotExist();
    assertThat(checkpoint(6).resolve("manifest.json")).exists();
    assertThat(run.resolve("checkpoints/best")).exists();
    assertThat(run.resolve("checkpoints/000001")).exists();
  }

  @Test
  void outlastsADamagedOneOfALaterRound() throws IOException {
    Files.write(checkpoint(6).resolve("model.zip"), new byte[] {1}, StandardOpenOption.APPEND);
    CheckpointStore store = new CheckpointStore(new org.apache.hadoop.fs.Path(run.toUri()), hadoop);
    store.keep(store.newestValid().orElseThrow().checkpoint().orElseThrow(), 1, Set.of());

    assertThat(newest()).isEqualTo(4);
    assertThat(checkpoint(2)).doesNotExist();
    assertThat(checkpoint(6).resolve("model.zip")).exists();
  }

  @Test
  void keepsSecretsOutOfMessages() {
    assertThatThrownBy(() -> ModelFiles.open("s3a://key:secret@bucket/run", hadoop))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("s3a://... has a password in it")
        .hasMessageNotContaining("secret");
  }

  @Test
  void isNotWhatIsNone() throws IOException {
    Path text = Files.writeString(run.resolve("text.zip"), "no zip");

    for (Path other : Arrays.asList(text, job.data(), folder, run.resolve("nothing"))) {
      assertThatThrownBy(() -> ModelFiles.open(other.toString(), hadoop))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(other.toString());
    }
    assertThatThrownBy(() -> ModelFiles.open("gopher://host/path", hadoop))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no filesystem is known by gopher://");
  }

  @Test
  void isRefusedWhenItBelongsToAnotherJob() throws IOException {
    ObjectNode manifest = (ObjectNode) json(checkpoint(6).resolve("manifest.json"));
    manifest.put("config_sha256", "0".repeat(64));
    Files.writeString(checkpoint(6).resolve("manifest.json"), manifest.toString());

    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    job.config(run.getFileName().toString()).build(),
                    ExistingRun.RESUME,
                    RoundListener.NONE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("belongs to another job");
  }

  private Path checkpoint(int round) {
    return run.resolve("checkpoints").resolve("%06d".formatted(round));
  }

  private long newest() {
    return new CheckpointStore(new org.apache.hadoop.fs.Path(run.toUri()), hadoop)
        .newestValid()
        .orElseThrow()
        .metadata()
        .clock()
        .round();
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(Files.readString(file));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}

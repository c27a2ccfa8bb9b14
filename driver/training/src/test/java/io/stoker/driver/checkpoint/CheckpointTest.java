// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.CheckpointFinding.State;
import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.ModelFiles;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.NewerVersionException;
import io.stoker.testing.Exact;
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
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  @Exact
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
  @Exact
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
  @Exact
  void isFoundByFolderFileAndRun() {
    for (Path way : Arrays.asList(run, checkpoint(6), checkpoint(6).resolve("model.zip"))) {
      assertThat(ModelFiles.open(way.toString(), hadoop).parametersSha256())
          .isEqualTo(trained.parametersSha256());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, -1})
  void isSkippedWhenTruncated(int length) throws IOException {
    Path file = checkpoint(6).resolve("model.zip");
    byte[] whole = Files.readAllBytes(file);
    int bytes = length < 0 ? whole.length + length : length;
    Files.write(file, Arrays.copyOf(whole, bytes));

    assertThat(newest()).isEqualTo(4);
    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("000006")
        .hasMessageContaining(
            String.format(Locale.ROOT, "it has %d bytes, the manifest says", bytes));
  }

  /** Each field is altered, then left out. Which Stoker wrote it is for people. */
  @Test
  void isSkippedWhenAnyFieldOfItsManifestIsNotWhatWasWritten() throws IOException {
    Path file = checkpoint(6).resolve("manifest.json");
    JsonNode manifest = json(file);
    JobIdentity identity = RunFolder.at(hadoopPath(run), hadoop).job();
    List<String> fields = leaves(manifest, "");
    assertThat(fields).hasSize(19).contains("/clock/step", "/file/parameters_offset");
    for (String field : fields) {
      if (field.equals("/stoker_version")) {
        continue;
      }
      for (boolean alter : List.of(true, false)) {
        JsonNode other = manifest.deepCopy();
        int slash = field.lastIndexOf('/');
        ObjectNode parent = (ObjectNode) other.at(field.substring(0, slash));
        String name = field.substring(slash + 1);
        JsonNode old = parent.remove(name);
        if (alter && old.isTextual()) {
          parent.put(name, (old.asText().startsWith("0") ? "1" : "0") + old.asText().substring(1));
        } else if (alter) {
          parent.put(name, old.asLong() + 1);
        }
        Files.writeString(file, other.toString());

        if (alter && field.equals("/format_version")) {
          continue; // refusesToGoOnFromBeforeACheckpointOfANewerStoker
        }
        assertThat(newest(identity)).as("%s, altered: %s", field, alter).isEqualTo(4);
      }
    }
    Files.writeString(file, manifest.toString());
    assertThat(newest(identity)).isEqualTo(6);
  }

  private static List<String> leaves(JsonNode node, String path) {
    if (!node.isObject()) {
      return List.of(path);
    }
    return node.properties().stream()
        .flatMap(field -> leaves(field.getValue(), path + "/" + field.getKey()).stream())
        .toList();
  }

  private long newest(JobIdentity identity) {
    return new CheckpointStore(hadoopPath(run), hadoop)
        .newestValid(identity)
        .orElseThrow()
        .metadata()
        .clock()
        .round();
  }

  private static org.apache.hadoop.fs.Path hadoopPath(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
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
  void isDamageWhereItsModelFileIsGoneAndNoOtherIsValid() throws IOException {
    for (int round = 2; round <= 6; round += 2) {
      Files.delete(checkpoint(round).resolve("model.zip"));
    }

    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("000006/model.zip: it is missing");
    assertThatThrownBy(() -> ModelFiles.open(run.toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("has no valid checkpoint (the warnings above say why)");
    assertThatThrownBy(() -> ModelFiles.all(run.toString(), ParameterChoice.BEST, hadoop))
        .isInstanceOf(DamagedException.class);
    assertThatThrownBy(() -> ModelFiles.newest(run.toString(), 2, ParameterChoice.BEST, hadoop))
        .isInstanceOf(DamagedException.class);
  }

  @Test
  void isNoDamageWhereNoneOfItsRunIsFinished() throws IOException {
    for (int round = 2; round <= 6; round += 2) {
      Files.delete(checkpoint(round).resolve("manifest.json"));
    }

    assertThatThrownBy(() -> ModelFiles.open(run.toString(), hadoop))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("has no valid checkpoint");
    assertThatThrownBy(() -> ModelFiles.all(run.toString(), ParameterChoice.BEST, hadoop))
        .isInstanceOf(InputException.class);
  }

  @Test
  void saysThatANewerStokerWroteIt() throws IOException {
    for (Path file : List.of(checkpoint(6).resolve("manifest.json"), run.resolve("run.json"))) {
      ObjectNode record = (ObjectNode) json(file);
      record.put("a_new_field", 1).put("format_version", 2);
      Files.writeString(file, record.toString());
    }

    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("000006/manifest.json")
        .hasMessageContaining("format_version is 2, of a newer Stoker; this one reads 1");
    assertThatThrownBy(() -> RunFolder.at(hadoopPath(run), hadoop).recorded())
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("run.json")
        .hasMessageContaining("format_version is 2, of a newer Stoker; this one reads 1");
  }

  @Test
  void refusesToGoOnFromBeforeACheckpointOfANewerStoker() throws IOException {
    JobIdentity identity = RunFolder.at(hadoopPath(run), hadoop).job();
    Path file = checkpoint(6).resolve("manifest.json");
    ObjectNode manifest = (ObjectNode) json(file);
    manifest.put("a_new_field", 1).put("format_version", 2);
    Files.writeString(file, manifest.toString());

    assertThatThrownBy(() -> newest(identity))
        .isInstanceOf(NewerVersionException.class)
        .hasMessageContaining("000006/manifest.json: its format_version is 2");
    assertThat(newest()).isEqualTo(4); // To evaluate the one before harms nothing.
  }

  @Test
  void saysThatAVersionIsNone() throws IOException {
    ObjectNode manifest = (ObjectNode) json(checkpoint(6).resolve("manifest.json"));
    manifest.put("format_version", 0);
    Files.writeString(checkpoint(6).resolve("manifest.json"), manifest.toString());

    assertThatThrownBy(() -> ModelFiles.open(checkpoint(6).toString(), hadoop))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Invalid format version: 0 (this Stoker reads version 1)");
  }

  @Test
  @Exact
  void resumesFromTheNewestThatIsValid() throws IOException {
    Files.write(checkpoint(6).resolve("model.zip"), new byte[] {1}, StandardOpenOption.APPEND);

    TrainResult resumed = resume();

    assertThat(resumed.examples()).isEqualTo(96 + 79);
    assertThat(resumed.parametersSha256()).isEqualTo(trained.parametersSha256());
    assertThat(newest()).isEqualTo(6);
  }

  @Test
  @Exact
  void beginsAgainWhenNoneIsValid() throws IOException {
    for (int round = 2; round <= 6; round += 2) {
      Files.delete(checkpoint(round).resolve("manifest.json"));
    }

    TrainResult resumed = resume();

    assertThat(resumed.examples()).isEqualTo(2 * 271);
    assertThat(resumed.parametersSha256()).isEqualTo(trained.parametersSha256());
  }

  @Test
  void isDeletedOnlyWhenCompleteAndOnlyItsOwnFiles() throws IOException {
    Files.writeString(checkpoint(2).resolve("notes.txt"), "mine");
    Files.createDirectory(run.resolve("checkpoints/best"));
    Files.createDirectory(run.resolve("checkpoints/000001"));

    CheckpointStore store = new CheckpointStore(hadoopPath(run), hadoop);
    store.keep(store.newestValid().orElseThrow().checkpoint().orElseThrow(), 1, Set.of());

    assertThat(checkpoint(2)).isDirectoryContaining("glob:**/notes.txt");
    assertThat(checkpoint(2).resolve("model.zip")).doesNotExist();
    assertThat(checkpoint(4)).doesNotExist();
    assertThat(checkpoint(6).resolve("manifest.json")).exists();
    assertThat(run.resolve("checkpoints/best")).exists();
    assertThat(run.resolve("checkpoints/000001")).exists();
  }

  /** A user links a checkpoint of another run into this one. */
  @Test
  void isNeitherDeletedNorReplacedThroughALink() throws IOException {
    Path other = folder.resolve("linked-from");
    Files.createDirectories(other);
    for (int round : List.of(2, 4)) {
      Files.move(checkpoint(round), other.resolve(String.format(Locale.ROOT, "%06d", round)));
      Files.createSymbolicLink(
          checkpoint(round), other.resolve(String.format(Locale.ROOT, "%06d", round)));
    }
    CheckpointStore store = new CheckpointStore(hadoopPath(run), hadoop);
    store.keep(store.newestValid().orElseThrow().checkpoint().orElseThrow(), 1, Set.of());
    Files.delete(other.resolve("000002/manifest.json"));
    store.deleteUnfinished();

    assertThat(other.resolve("000002/model.zip")).exists();
    assertThat(other.resolve("000004/model.zip")).exists();
    assertThat(other.resolve("000004/manifest.json")).exists();

    byte[] before = Files.readAllBytes(other.resolve("000002/model.zip"));
    Files.delete(checkpoint(6).resolve("manifest.json"));
    Files.delete(other.resolve("000004/manifest.json"));
    assertThatThrownBy(this::resume)
        .hasStackTraceContaining("reached through the symbolic link")
        .hasStackTraceContaining("checkpoints/000002; remove the link");
    assertThat(other.resolve("000002/model.zip")).hasBinaryContent(before);
  }

  @Test
  void isWrittenThroughALinkOfTheWholeFolderAndStaysThere() throws IOException {
    Path large = folder.resolve("large-disk");
    Files.move(run.resolve("checkpoints"), large);
    Files.createSymbolicLink(run.resolve("checkpoints"), large);

    TrainResult longer =
        TrainJob.run(
            spark,
            job.config(run.getFileName().toString()).epochs(3).checkpointEvery(2).keep(1).build(),
            ExistingRun.RESUME,
            RoundListener.NONE);

    assertThat(longer.rounds()).isEqualTo(9);
    for (int round : List.of(2, 4, 6, 8, 9)) {
      assertThat(large.resolve(String.format(Locale.ROOT, "%06d/manifest.json", round))).exists();
    }
  }

  @Test
  void outlastsADamagedOneOfALaterRound() throws IOException {
    Files.write(checkpoint(6).resolve("model.zip"), new byte[] {1}, StandardOpenOption.APPEND);
    CheckpointStore store = new CheckpointStore(hadoopPath(run), hadoop);
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
  void isVerifiedWithAllOthersOfItsRun() throws IOException {
    Files.write(checkpoint(4).resolve("model.zip"), new byte[] {1}, StandardOpenOption.APPEND);
    Files.delete(checkpoint(6).resolve("manifest.json"));

    assertThat(ModelFiles.verify(run.toString(), hadoop))
        .extracting(CheckpointFinding::state)
        .containsExactly(State.VALID, State.DAMAGED, State.UNFINISHED);
  }

  @Test
  void isMissedByNobodyBeforeTheFirstOne(@TempDir Path begun) throws IOException {
    Files.copy(run.resolve("run.json"), begun.resolve("run.json"));

    assertThat(ModelFiles.verify(begun.toString(), hadoop)).isEmpty();
  }

  @Test
  void isSkippedInThePlaceOfAnotherRound() throws IOException {
    Files.move(checkpoint(6), checkpoint(9));

    assertThat(newest(RunFolder.at(hadoopPath(run), hadoop).job())).isEqualTo(4);
  }

  @Test
  void isDeletedByAResumedRunWhenItsWriterDidNotFinish() throws IOException {
    Files.delete(checkpoint(2).resolve("manifest.json"));
    Files.writeString(checkpoint(2).resolve("notes.txt"), "mine");
    Files.delete(checkpoint(4).resolve("manifest.json"));
    Files.writeString(checkpoint(4).resolve(".manifest.json.new"), "{");

    resume();

    assertThat(checkpoint(2)).isDirectoryContaining("glob:**/notes.txt");
    assertThat(checkpoint(2).resolve("model.zip")).doesNotExist();
    assertThat(checkpoint(4)).doesNotExist();
    assertThat(newest()).isEqualTo(6);
  }

  @Test
  void isNoReasonToResumeWithoutTheRunsRecord() throws IOException {
    Files.delete(run.resolve("run.json"));

    assertThatThrownBy(this::resume)
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its run.json is gone")
        .hasMessageContaining("--init ");
  }

  private TrainResult resume() {
    return TrainJob.run(
        spark,
        job.config(run.getFileName().toString()).checkpointEvery(2).build(),
        ExistingRun.RESUME,
        RoundListener.NONE);
  }

  private Path checkpoint(int round) {
    return run.resolve("checkpoints").resolve(String.format(Locale.ROOT, "%06d", round));
  }

  private long newest() {
    return new CheckpointStore(hadoopPath(run), hadoop)
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

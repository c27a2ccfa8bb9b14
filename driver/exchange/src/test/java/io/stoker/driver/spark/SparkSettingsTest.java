// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparkSettingsTest {
  @ParameterizedTest
  @CsvSource({
    "spark.buffer.write.chunkSize, soon",
    "spark.memory.fraction, most",
    "spark.task.maxFailures, 3.5",
    "spark.executor.heartbeatInterval, 5 parsecs",
    "spark.network.timeout, later",
    "spark.ui.port, any",
    "spark.ui.retainedTasks, many",
    "spark.dynamicAllocation.enabled, perhaps",
    "spark.shuffle.spill.compress, perhaps",
    "spark.default.parallelism, many",
    "spark.io.compression.codec, strong",
    "spark.io.compression.codec, java.lang.String"
  })
  void aValueThatSparkCannotReadIsNamedWithItsKey(String key, String value) {
    SparkConf conf = new SparkConf(false).set(key, value);

    assertThatThrownBy(() -> SparkSettings.check(conf))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read " + key + "=" + value + ": ");
  }

  @Test
  void otherValuesAndKeysAreSparksAffair() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.buffer.write.chunkSize", "256k")
            .set("spark.network.timeout", "5min")
            .set("spark.default.parallelism", "4")
            .set("spark.io.compression.codec", "lz4")
            .set("spark.executor.instances", "2")
            .set("spark.dynamicAllocation.maxExecutors", "infinity")
            .set("spark.history.fs.cleaner.enabled", "")
            .set("spark.somebody.elses", "soon");

    assertThatCode(() -> SparkSettings.check(conf)).doesNotThrowAnyException();
    conf.set("spark.dynamicAllocation.enabled", "True"); // as Spark reads it, too
    assertThatThrownBy(() -> SparkSettings.check(conf)).hasMessageContaining("=infinity: ");
  }

  @Test
  void tasksAreSerializedByJavaWhateverASiteSays() {
    SparkConf kryo =
        new SparkConf(false).set("spark.serializer", "org.apache.spark.serializer.KryoSerializer");

    assertThatThrownBy(() -> SparkSettings.requireSerializer(kryo))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "This session has spark.serializer=org.apache.spark.serializer.Kryo");
    SparkSettings.setSerializer(kryo);

    SparkSettings.requireSerializer(kryo);
    SparkSettings.requireSerializer(new SparkConf(false));
  }

  @Test
  void aLocalFolderThatCannotBeMadeIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    SparkConf conf = new SparkConf(false).set("spark.local.dir", file.resolve("in").toString());

    assertThatThrownBy(() -> SparkSettings.requireLocalFolder(conf))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining(file + "/in (SPARK_LOCAL_DIRS, or spark.local.dir");
    SparkSettings.requireLocalFolder(
        conf.set("spark.local.dir", file.resolve("in") + "," + folder.resolve("new/deeper")));
  }

  @Test
  void aPortThatSparkDoesNotOpenIsNamed() {
    SparkConf conf = new SparkConf(false);

    SparkSettings.check(conf.set("spark.ui.port", "0"));
    SparkSettings.check(conf.set("spark.ui.port", "4040"));
    assertThatThrownBy(() -> SparkSettings.check(conf.set("spark.ui.port", "1")))
        .isInstanceOf(InputException.class)
        .hasMessage("Cannot read spark.ui.port=1: Spark opens port 0, or one of 1024 to 65535");
    SparkSettings.check(conf.set("spark.ui.enabled", "false"));
  }

  @Test
  void aFolderForEventsThatIsMissingIsNamed(@TempDir Path folder) throws IOException {
    Path events = folder.resolve("events");
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stoker.events", events.toString())
            .set("spark.eventLog.dir", "${spark.stoker.events}");

    SparkSettings.requireEventFolder(conf);
    conf.set("spark.eventLog.enabled", "true");
    assertThatThrownBy(() -> SparkSettings.requireEventFolder(conf))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("Cannot find spark.eventLog.dir file:" + events);
    Files.createDirectory(events);
    SparkSettings.requireEventFolder(conf);
    assertThat(events).isEmptyDirectory();
  }
}

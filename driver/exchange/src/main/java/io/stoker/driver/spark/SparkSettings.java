// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.data.storage.OutputFolder;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.Network$;
import org.apache.spark.internal.config.Status$;
import org.apache.spark.internal.config.UI$;
import org.apache.spark.internal.config.package$;
import org.apache.spark.io.CompressionCodec;
import org.apache.spark.util.Utils$;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * The values of Spark's own keys. Spark reads some of them only where it needs them, when a job has
 * already begun, or on executors. It describes most of its keys; of the others nothing is checked.
 */
public final class SparkSettings {
  private static final Logger LOG = LoggerFactory.getLogger(SparkSettings.class);

  /** Spark knows the keys of objects that are loaded: those of SparkConf's, and these. */
  @SuppressWarnings("unused") // Loading them is what they are for.
  private static final List<Object> KEYS = List.of(Network$.MODULE$, Status$.MODULE$, UI$.MODULE$);

  private static final String DYNAMIC_ALLOCATION = "spark.dynamicAllocation.";

  /** Keys of Spark's other processes, which may be in the same file as a job's. */
  private static final List<String> OTHERS =
      List.of("spark.history.", "spark.master.", "spark.worker.");

  private static final String SERIALIZER = "spark.serializer";

  private static final String JAVA_SERIALIZER = "org.apache.spark.serializer.JavaSerializer";

  private static final String EVENT_FOLDER = "spark.eventLog.dir";

  private SparkSettings() {}

  /**
   * Has an application of Stoker's own serialize what tasks exchange as Java does, also where the
   * defaults of a site say Kryo, which cannot make records.
   */
  public static void setSerializer(SparkConf conf) {
    if (!isJavas(conf)) {
      LOG.info("This application has {}={} in place of {}", SERIALIZER, JAVA_SERIALIZER, of(conf));
      conf.set(SERIALIZER, JAVA_SERIALIZER);
    }
  }

  /**
   * Checks the serializer of a session that is there already.
   *
   * @throws InputException if tasks of Stoker's could not return their results with it
   */
  public static void requireSerializer(SparkConf conf) {
    Check.input(
        isJavas(conf),
        "This session has %s=%s, which cannot serialize what Stoker's tasks return: start it with"
            + " %s",
        SERIALIZER,
        of(conf),
        JAVA_SERIALIZER);
  }

  private static boolean isJavas(SparkConf conf) {
    return of(conf).equals(JAVA_SERIALIZER);
  }

  private static String of(SparkConf conf) {
    return conf.get(SERIALIZER, JAVA_SERIALIZER);
  }

  /**
   * Makes sure that one of the folders can be made in which Spark keeps blocks on this machine.
   * Without one, Spark ends the process as it starts.
   *
   * @throws ResourceException if none can
   */
  public static void requireLocalFolder(SparkConf conf) {
    String[] folders = Utils$.MODULE$.getConfiguredLocalDirs(conf);
    if (Arrays.stream(folders).noneMatch(SparkSettings::canBeMade)) {
      throw new ResourceException(
          "Cannot write to Spark's local folder %s (SPARK_LOCAL_DIRS, or spark.local.dir, says where)"
              .formatted(String.join(", ", folders)));
    }
  }

  private static boolean canBeMade(String folder) {
    Path present = Path.of(folder).toAbsolutePath();
    while (present != null && Files.notExists(present)) {
      present = present.getParent();
    }
    return present != null && Files.isDirectory(present) && Files.isWritable(present);
  }

  /**
   * Makes sure that the folder is there in which Spark logs events, if it is to: Spark does not
   * make it.
   *
   * @throws ResourceException if it is not there, or cannot be written to
   * @throws InputException if it is a file
   */
  public static void requireEventFolder(SparkConf conf) {
    if (!conf.getBoolean("spark.eventLog.enabled", false)) {
      return;
    }
    Configuration hadoop = SparkHadoopUtil.get().newConfiguration(conf);
    org.apache.hadoop.fs.Path folder =
        new org.apache.hadoop.fs.Path(
            Utils$.MODULE$.resolveURI(conf.get(package$.MODULE$.EVENT_LOG_DIR())));
    try {
      if (!Storage.of(folder, hadoop).exists(folder)) {
        throw new ResourceException(Storage.missing(EVENT_FOLDER, folder, hadoop));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach " + EVENT_FOLDER + " " + folder, e);
    }
    OutputFolder.check(EVENT_FOLDER, folder.toString(), hadoop);
  }

  /**
   * Reads the value of each key that is set, and that a job reads.
   *
   * @throws InputException if one cannot be read
   */
  public static void check(SparkConf conf) {
    boolean isDynamic = Boolean.parseBoolean(conf.get(DYNAMIC_ALLOCATION + "enabled", ""));
    for (Tuple2<String, String> each : conf.getAll()) {
      if (isRead(each._1(), isDynamic)) {
        try {
          read(each._1(), conf);
        } catch (Exception e) { // Spark does not declare those of a codec's constructor.
          throw new InputException(
              "Cannot read %s=%s: %s".formatted(each._1(), each._2(), reason(e)), e);
        }
      }
    }
  }

  private static void requirePort(int port, SparkConf conf) {
    boolean isOpened = conf.getBoolean("spark.ui.enabled", true) && port != 0;
    if (isOpened && (port < 1024 || port > 65535)) {
      throw new IllegalArgumentException("Spark opens port 0, or one of 1024 to 65535");
    }
  }

  private static String reason(Exception failure) {
    return failure instanceof IllegalArgumentException ? failure.getMessage() : failure.toString();
  }

  private static void read(String key, SparkConf conf) {
    ConfigEntry<?> entry = ConfigEntry.findEntry(key);
    if (entry != null) {
      conf.get(entry);
    }
    switch (key) {
      case "spark.ui.port" -> requirePort((int) conf.get(UI$.MODULE$.UI_PORT()), conf);
      case "spark.default.parallelism" -> conf.getInt(key, 1); // Spark 3.5 does not describe it.
      case "spark.io.compression.codec" -> CompressionCodec.createCodec(conf); // or a class's name
      default -> {}
    }
  }

  private static boolean isRead(String key, boolean isDynamic) {
    return OTHERS.stream().noneMatch(key::startsWith)
        && (isDynamic || !key.startsWith(DYNAMIC_ALLOCATION) || key.endsWith(".enabled"));
  }
}

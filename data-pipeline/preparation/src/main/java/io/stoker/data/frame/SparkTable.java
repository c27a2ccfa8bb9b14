// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.frame;

import static org.apache.spark.sql.functions.col;

import io.stoker.data.shard.SourceTable;
import io.stoker.data.source.parquet.LakeFormat;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.package$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A table that Spark SQL reads, at one version: a name in a catalog, or a folder and its format.
 * Where the format has versions (Delta, Iceberg), the rows are those of the version that {@link
 * #source} names, even if the table changes while it is read.
 *
 * @param rows of the table
 * @param source the table and its version
 * @param parquetFiles the Parquet files that hold all columns of all rows and no other rows; empty
 *     if there are none, or if only Spark can say which rows of them are the table's
 */
public record SparkTable(Dataset<Row> rows, SourceTable source, List<Path> parquetFiles) {
  private static final String PARQUET = "parquet";
  private static final String DELTA = "delta";
  private static final String ICEBERG = "iceberg";
  private static final String DELTA_READER = "io.delta.sql.DeltaSparkSessionExtension";

  /** What Spark cannot instantiate where it should use a metastore of Hive's and has no Hive. */
  private static final String HIVE_STATE = "org.apache.spark.sql.hive.HiveSessionStateBuilder";

  private static final String ICEBERG_FOLDERS = "spark.sql.catalog.default_iceberg";

  /**
   * With a later version of Delta's protocol for readers, rows of a file may be deleted and columns
   * may have other names in the files.
   */
  private static final int DELTA_PLAIN_READERS = 1;

  private static final Pattern PART = Pattern.compile("`(?:[^`]|``)+`|[^`.\\s]+");
  private static final Pattern NAME = Pattern.compile("(?:" + PART + ")(?:\\.(?:" + PART + "))*");
  private static final Pattern VERSION = Pattern.compile("-?[0-9]{1,19}");

  /**
   * Vectorized readers hold thousands of rows at a time, whatever their size; others hold one. In
   * the sessions that tables are read in, they are off.
   */
  private static final List<String> VECTORIZED =
      List.of(
          "spark.sql.parquet.enableVectorizedReader",
          "spark.sql.orc.enableVectorizedReader",
          "spark.sql.iceberg.vectorization.enabled");

  public SparkTable {
    parquetFiles = List.copyOf(parquetFiles);
  }

  /**
   * What Spark has to be started with to read a format, unless the user has set it. Nothing where
   * the format's reader is not on the class path: Spark would warn of each class.
   *
   * @param format such as {@code delta}; empty for a table of a catalog
   */
  public static Map<String, String> configuration(String format) {
    String known = format.toLowerCase(Locale.ROOT);
    try {
      requireReader(known);
    } catch (ClassNotFoundException e) { // Said when the table is opened.
      return Map.of();
    }
    return known.equals(DELTA)
        ? Map.of(
            "spark.sql.extensions",
            DELTA_READER,
            "spark.sql.catalog.spark_catalog",
            "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        : Map.of();
  }

  /**
   * Opens a table of a catalog.
   *
   * @param spark knows the catalogs; the table is read in a session of its own
   * @param name such as {@code catalog.db.table}; a part that holds a dot stands in backquotes
   * @param version Delta's version or Iceberg's snapshot; empty for the newest
   * @throws InputException if there is no such table or version
   */
  public static SparkTable named(SparkSession spark, String name, String version) {
    checkVersion(version);
    Check.input(
        NAME.matcher(name).matches(),
        "Invalid table: '%s' (a name such as catalog.db.table, or the URI of a folder with"
            + " --table-format)",
        name);
    String quoted = quoted(name);
    return opened(
        name,
        spark,
        session -> {
          List<Row> description = session.sql("DESCRIBE TABLE EXTENDED " + quoted).collectAsList();
          String format = format(description);
          String wanted = version.isEmpty() ? newest(session, format, quoted) : version;
          checkVersioned(name, format, version);
          Dataset<Row> rows =
              session.sql(
                  "SELECT * FROM " + quoted + (wanted.isEmpty() ? "" : " VERSION AS OF " + wanted));
          boolean isPlain =
              switch (format) {
                case PARQUET -> !isPartitioned(description);
                case DELTA -> version.isEmpty() && isPlainDelta(session, quoted);
                default -> false;
              };
          return new SparkTable(
              rows, new SourceTable(name, format, wanted), isPlain ? files(rows) : List.of());
        });
  }

  /**
   * Opens the table in a folder.
   *
   * @param spark where; the table is read in a session of its own
   * @param uri of the folder
   * @param format {@code delta}, {@code iceberg}, or another that Spark can read
   * @param version Delta's version or Iceberg's snapshot; empty for the newest
   * @throws InputException if there is no such table, version or format
   */
  public static SparkTable at(SparkSession spark, String uri, String format, String version) {
    checkVersion(version);
    String known = format.toLowerCase(Locale.ROOT);
    return opened(
        uri,
        spark,
        session -> {
          requireReader(known);
          String folder = absolute(session, uri);
          if (known.equals(PARQUET)) {
            Path path = Storage.path(folder);
            LakeFormat.refuse(path.getFileSystem(session.sessionState().newHadoopConf()), path);
          }
          configureFolders(session, folder);
          String wanted = version;
          boolean isPlain = known.equals(PARQUET);
          if (wanted.isEmpty() && known.equals(DELTA)) {
            wanted = newest(session, DELTA, "delta." + quote(folder));
            isPlain = isPlainDelta(session, "delta." + quote(folder));
          } else if (wanted.isEmpty() && known.equals(ICEBERG)) {
            wanted = snapshot(session.read().format(ICEBERG).load(folder + "#refs"), uri);
          }
          checkVersioned(uri, known, version);
          String option = known.equals(DELTA) ? "versionAsOf" : "snapshot-id";
          Dataset<Row> rows =
              wanted.isEmpty()
                  ? session.read().format(format).load(folder)
                  : session.read().format(format).option(option, wanted).load(folder);
          return new SparkTable(
              rows, new SourceTable(uri, known, wanted), isPlain ? files(rows) : List.of());
        });
  }

  private interface Opening {
    SparkTable in(SparkSession session) throws IOException, ClassNotFoundException;
  }

  /** Delta takes a relative path in SQL for the name of a table. */
  private static String absolute(SparkSession session, String uri) throws IOException {
    Path folder = Storage.path(uri);
    return folder.isAbsolute()
        ? uri
        : folder
            .getFileSystem(session.sessionState().newHadoopConf())
            .makeQualified(folder)
            .toString();
  }

  /** Iceberg takes its configuration from the active session. */
  private static SparkTable opened(String table, SparkSession spark, Opening opening) {
    SparkSession before = SparkSession.active();
    try {
      SparkSession session = session(spark);
      SparkSession.setActiveSession(session);
      return opening.in(session);
    } catch (InputException e) {
      throw e;
    } catch (Exception | LinkageError e) {
      // Spark throws checked exceptions that its methods do not declare to Java.
      throw new InputException(
          "Cannot read table "
              + table
              + ": "
              + UnreadableTable.reason(e).orElseGet(() -> reason(e)),
          e);
    } finally {
      SparkSession.setActiveSession(before);
    }
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    String line =
        message.lines().map(String::strip).filter(each -> !each.isEmpty()).findFirst().orElse("");
    if (line.contains(HIVE_STATE)) {
      return "its catalog is Hive's (spark.sql.catalogImplementation), and this Spark has no Hive:"
          + " set SPARK_HOME to a Spark that has the jar spark-hive";
    }
    if (failure instanceof LinkageError) {
      return "its reader is not for Spark "
          + package$.MODULE$.SPARK_VERSION()
          + ": "
          + line
          + " (docs/data.md says which is)";
    }
    Matcher missing = Pattern.compile("data source: `?(delta|iceberg)`?\\b").matcher(line);
    if (missing.find() || failure instanceof ClassNotFoundException) {
      return (failure instanceof ClassNotFoundException ? "its reader is not there: " : "")
          + line
          + " (add its jar with --packages before the command, such as "
          + packages()
          + "; docs/data.md)";
    }
    return line;
  }

  private static String packages() {
    String spark = package$.MODULE$.SPARK_VERSION();
    if (spark.startsWith("3.5.")) {
      return "io.delta:delta-spark_2.12:VERSION or"
          + " org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:VERSION";
    }
    String line = spark.substring(0, spark.lastIndexOf('.'));
    return "io.delta:delta-spark_" + line + "_2.13:VERSION";
  }

  /** Without Delta's jar, Spark would say that Delta's SQL has a syntax error. */
  private static void requireReader(String format) throws ClassNotFoundException {
    if (format.equals(DELTA)) {
      Class.forName(DELTA_READER, false, Thread.currentThread().getContextClassLoader());
    }
  }

  private static SparkSession session(SparkSession spark) {
    SparkSession session = spark.newSession();
    VECTORIZED.forEach(key -> session.conf().set(key, "false"));
    return session;
  }

  /** Iceberg looks for tables in folders in this catalog, by default one of Hive's. */
  private static void configureFolders(SparkSession session, String uri) {
    if (!session.conf().contains(ICEBERG_FOLDERS)) {
      session.conf().set(ICEBERG_FOLDERS, "org.apache.iceberg.spark.SparkCatalog");
      session.conf().set(ICEBERG_FOLDERS + ".type", "hadoop");
      session.conf().set(ICEBERG_FOLDERS + ".warehouse", uri);
    }
  }

  private static void checkVersion(String version) {
    Check.input(
        version.isEmpty() || VERSION.matcher(version).matches(),
        "Invalid version of a table: '%s' (a whole number: Delta's version, or Iceberg's snapshot)",
        version);
  }

  private static void checkVersioned(String table, String format, String version) {
    Check.input(
        version.isEmpty() || format.equals(DELTA) || format.equals(ICEBERG),
        "Table %s has no versions: its format is %s (leave out --table-version)",
        table,
        format);
  }

  /** The format of a table, as its catalog says. */
  private static String format(List<Row> description) {
    return description.stream()
        .filter(row -> row.getString(0).equals("Provider"))
        .map(row -> row.getString(1).toLowerCase(Locale.ROOT))
        .findFirst()
        .orElse("view");
  }

  /** Files do not hold the columns that a table is partitioned by. */
  private static boolean isPartitioned(List<Row> description) {
    return description.stream().anyMatch(row -> row.getString(0).startsWith("# Partition"));
  }

  private static boolean isPlainDelta(SparkSession session, String quoted) {
    Row detail =
        session
            .sql("DESCRIBE DETAIL " + quoted)
            .select("minReaderVersion", "partitionColumns")
            .head();
    return detail.getInt(0) == DELTA_PLAIN_READERS && detail.getList(1).isEmpty();
  }

  /** The files of a table; empty if their names have to be interpreted. */
  private static List<Path> files(Dataset<Row> rows) {
    List<String> names = Arrays.stream(rows.inputFiles()).sorted().toList();
    // Spark escapes some characters and Delta others; folders such as "kind=cat" are partitions.
    return names.stream().anyMatch(name -> name.contains("%") || name.contains("="))
        ? List.of()
        : names.stream().map(Path::new).toList();
  }

  /** The newest version of a table; empty for a format without versions. */
  private static String newest(SparkSession session, String format, String quoted) {
    return switch (format) {
      case DELTA ->
          Long.toString(
              session
                  .sql("DESCRIBE HISTORY " + quoted + " LIMIT 1")
                  .select("version")
                  .head()
                  .getLong(0));
      case ICEBERG -> snapshot(session.table(quoted + ".refs"), quoted);
      default -> "";
    };
  }

  /** The newest snapshot among a table's references. */
  private static String snapshot(Dataset<Row> references, String table) {
    List<Row> main =
        references.filter(col("name").equalTo("main")).select("snapshot_id").collectAsList();
    Check.input(!main.isEmpty(), "Table %s has no rows", table);
    return Long.toString(main.get(0).getLong(0));
  }

  /** Each part of a name in backquotes, so that nothing in it is taken for SQL. */
  private static String quoted(String name) {
    return PART.matcher(name)
        .results()
        .map(part -> part.group().startsWith("`") ? part.group() : quote(part.group()))
        .collect(Collectors.joining("."));
  }

  private static String quote(String part) {
    return "`" + part.replace("`", "``") + "`";
  }
}

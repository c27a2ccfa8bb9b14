// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.base.PeriodicTask;
import io.stoker.data.storage.OutputFile;
import io.stoker.data.storage.OutputFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StorageDefaults;
import io.stoker.driver.checkpoint.CheckpointStore;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.cluster.GpuRequest;
import io.stoker.driver.cluster.LostExecutors;
import io.stoker.driver.cluster.PodProblem;
import io.stoker.driver.spark.ApplicationEnd;
import io.stoker.driver.spark.KubernetesPods;
import io.stoker.driver.spark.KubernetesRefusals;
import io.stoker.driver.spark.Scala;
import io.stoker.driver.spark.SparkLines;
import io.stoker.driver.spark.SparkSettings;
import io.stoker.driver.spark.UnusableExecutors;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import io.stoker.worker.runtime.TaskDevices;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts Spark, and configures it and Hadoop, for a command. */
public final class SparkSetup {
  /** The priority of a shutdown hook that runs before Spark's, which has 40. */
  private static final int BEFORE_SPARK = 100;

  private static final Logger LOG = LoggerFactory.getLogger(SparkSetup.class);

  /** On Kubernetes, Spark waits for executors for 30 s as it starts. */
  private static final Duration SLOW_START = Duration.ofSeconds(45);

  private static final String MASTER = "spark.master";

  /** The class that spark-submit starts, after which it names the application. */
  private static final String MAIN = "io.stoker.driver.cli.Main";

  private static final String NAME = "spark.app.name";
  private static final String HOST = "spark.driver.host";
  private static final String BIND_ADDRESS = "spark.driver.bindAddress";
  private static final String LOOPBACK = "127.0.0.1";
  private static final String EXECUTOR_OPTIONS = "spark.executor.defaultJavaOptions";

  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/");

  /** The session in which commands of this thread run, if it is not theirs. */
  private static final ThreadLocal<SparkSession> SESSION = new ThreadLocal<>();

  private SparkSetup() {}

  /**
   * Runs something in a session that is there already: what it starts is that session's Spark
   * context, which stays open.
   *
   * @throws InputException if the session has been stopped
   */
  public static <T> T within(SparkSession session, Supplier<T> work) {
    Check.input(
        !session.sparkContext().isStopped(),
        "The Spark session has been stopped: start another one");
    Optional<SparkSession> active = Scala.optional(SparkSession.getActiveSession());
    SESSION.set(session);
    SparkSession.setActiveSession(session);
    try {
      return work.get();
    } finally {
      SESSION.remove();
      active.ifPresentOrElse(SparkSession::setActiveSession, SparkSession::clearActiveSession);
    }
  }

  /**
   * Starts Spark as spark-submit was told to; the caller closes it.
   *
   * @param command the command's name, for Spark's own pages
   * @throws ResourceException if it cannot be started
   */
  public static JavaSparkContext start(String command) {
    return start(command, Map.of());
  }

  /**
   * Starts Spark likewise, with configuration of the command's own.
   *
   * @param options by key; they override those of spark-submit
   */
  public static JavaSparkContext start(String command, Map<String, String> options) {
    if (SESSION.get() != null) {
      return shared(SESSION.get(), options);
    }
    if (!isVerbose()) {
      // Before Spark's own hook: its parts log errors while they are shut down.
      ShutdownHookManager.get()
          .addShutdownHook(
              () -> Configurator.setAllLevels(LogManager.ROOT_LOGGER_NAME, Level.OFF),
              BEFORE_SPARK);
    }
    SparkConf conf = new SparkConf();
    options.forEach(conf::set);
    conf.setIfMissing(MASTER, "local[*]");
    GpuRequest.complete(conf);
    // All workers of a round prefer the executor that has the parameters. By default Spark waits 3
    // s
    // for a slot there, longer than a round takes; fetching the parameters is faster.
    conf.setIfMissing("spark.locality.wait", "0s");
    // The shuffle moves fp32 values, which compression does not make smaller.
    conf.setIfMissing("spark.shuffle.compress", "false");
    // Spark's checksums tell where a block was damaged, but do not repair it. The averaging's own
    // shuffle writer writes none, and computing them takes a tenth of a large round.
    conf.setIfMissing("spark.shuffle.checksum.enabled", "false");
    // For each of two broadcasts a round, of some kilobytes, Spark allocates a whole block.
    conf.setIfMissing("spark.broadcast.blockSize", "256k");
    // Spark writes so much of a block to a socket at once. Java copies all of it out of the heap
    // first, and again what the socket has not taken: by default, up to 64 MB each time.
    conf.setIfMissing("spark.buffer.write.chunkSize", "256k");
    if (conf.get(NAME, MAIN).equals(MAIN)) {
      conf.setAppName("stoker " + command);
    }
    if (MasterUrl.isLocal(conf.get(MASTER))) {
      silenceTaskLogging();
      // Spark would end this process with an exit code of its own where a task has no memory left.
      conf.setIfMissing("spark.executor.killOnFatalError.depth", "0");
      // Tasks in this process have its class path. Spark would copy each jar for them, which takes
      // half a second.
      conf.remove("spark.jars");
      // The driver would take the executor in its own process for lost where the process has been
      // stopped (Ctrl-Z), and end the job ten minutes later.
      conf.setIfMissing("spark.storage.blockManagerHeartbeatTimeoutMs", "8760h");
      // Spark would also take a message that was under way then for lost, and end the job. None is
      // lost within a process.
      conf.setIfMissing("spark.rpc.askTimeout", "8760h");
    }
    closePorts(conf);
    setExecutorLocale(conf);
    SparkSettings.setSerializer(conf);
    SparkSettings.check(conf);
    SparkSettings.requireLocalFolder(conf);
    SparkSettings.requireEventFolder(conf);
    LostExecutors.check(conf);
    MasterUrl.checkReachable(conf.get(MASTER));
    if (KubernetesPods.isKubernetes(conf.get(MASTER))) {
      KubernetesRefusals.watch();
      bearLosses(conf);
    }
    try {
      ApplicationEnd.begin();
      OwnContext spark = started(conf);
      StorageDefaults.apply(spark.hadoopConfiguration());
      if (!spark.isLocal()) {
        UnusableExecutors.watch(spark.sc());
        spark.watch = Optional.of(LostExecutors.watch(spark));
      }
      return spark;
    } catch (Exception e) {
      throw notStarted(conf.get(MASTER), e);
    }
  }

  /** A resource manager may let an application wait for room in its queue. */
  private static OwnContext started(SparkConf conf) {
    PeriodicTask waiting =
        PeriodicTask.start(
            "stoker-start",
            SLOW_START,
            () -> LOG.warn("{} has not started the application yet: waiting", conf.get(MASTER)),
            e -> LOG.debug("Cannot say so", e));
    try {
      return new OwnContext(conf);
    } finally {
      waiting.close();
    }
  }

  /**
   * By default twice as many failures as executors end an application on Kubernetes, however long
   * it has run. Spark 4 counts each refusal of a pod, too, and requests the pod again each second.
   */
  private static void bearLosses(SparkConf conf) {
    conf.setIfMissing("spark.executor.failuresValidityInterval", "10m");
    if (SparkLines.compiledFor().equals("4")) {
      conf.setIfMissing("spark.executor.maxNumFailures", String.valueOf(Integer.MAX_VALUE));
    }
  }

  /**
   * Why there is no context, from what Spark threw: also checked exceptions that it does not
   * declare.
   */
  private static StokerException notStarted(String master, Exception failure) {
    String refused = KubernetesRefusals.reason(failure).map(PodProblem::refused).orElse("");
    if (!refused.isEmpty()) {
      return new ResourceException(
          "Cannot start Spark on %s: %s".formatted(master, refused), failure);
    }
    if (failure instanceof RuntimeException || failure instanceof IOException) {
      // While a context starts, another thread of Spark's clears it if the master refuses it.
      String reason =
          failure instanceof NullPointerException
              ? "it refused the application, or was lost (the lines above say which)"
              : failure.getMessage();
      return new ResourceException(
          "Cannot start Spark on %s: %s".formatted(master, reason), failure);
    }
    // Such as for an invalid master.
    return new InputException(
        "Cannot start Spark on %s: %s".formatted(master, failure.getMessage()), failure);
  }

  /** The context of a session, which closing it does not stop. */
  private static JavaSparkContext shared(SparkSession session, Map<String, String> options) {
    SparkConf conf = session.sparkContext().getConf();
    SparkSettings.requireSerializer(conf);
    options.forEach(
        (key, value) ->
            Check.input(
                value.equals(conf.get(key, "")) || isDefault(conf, key, value),
                "This option needs %s=%s, which cannot be set in a running session: start the"
                    + " session with it",
                key,
                value));
    StorageDefaults.apply(session.sparkContext().hadoopConfiguration());
    return new SharedContext(session.sparkContext());
  }

  /** A session computes on processors unless it was started for graphics cards. */
  private static boolean isDefault(SparkConf conf, String key, String value) {
    return key.equals(TaskDevices.DEVICE)
        && value.equals(TaskDevices.PROCESSOR)
        && !GpuRequest.isIn(conf);
  }

  /** Whether {@code --verbose} was given. */
  private static boolean isVerbose() {
    return LogManager.getRootLogger().isInfoEnabled();
  }

  /** A context of this process, which prints nothing more once it is being stopped. */
  private static final class OwnContext extends JavaSparkContext {
    private Optional<PeriodicTask> watch = Optional.empty();

    OwnContext(SparkConf conf) {
      super(conf);
    }

    @Override
    public void stop() {
      if (!isVerbose()) {
        Console.hideLibraries();
        hideMessaging();
      }
      watch.ifPresent(PeriodicTask::close);
      ApplicationEnd.await();
      super.stop();
    }

    /**
     * Executors that register or disconnect while Spark stops are no errors of the command. A
     * program that runs commands may start Spark again: it sees what Spark logs.
     */
    private static void hideMessaging() {
      if (Console.ownsProcess()) {
        Logging.hide("org.apache.spark.rpc");
        Logging.hide("org.apache.spark.network");
      }
    }

    @Override
    public void close() {
      stop();
    }
  }

  /** A context that its session stops. */
  private static final class SharedContext extends JavaSparkContext {
    SharedContext(SparkContext context) {
      super(context);
    }

    @Override
    public void stop() {}

    @Override
    public void close() {}
  }

  /**
   * Where all of the job's processes are on this machine, Spark listens on the loopback interface
   * only, unless the user says where. Its pages are an exception: they listen where the environment
   * variable {@code SPARK_LOCAL_IP} says, else everywhere, so they are off unless asked for.
   */
  private static void closePorts(SparkConf conf) {
    if (!MasterUrl.isOnThisMachine(conf.get(MASTER))) {
      return;
    }
    conf.setIfMissing("spark.ui.enabled", "false");
    if (System.getenv("SPARK_LOCAL_IP") == null
        && !conf.contains(HOST)
        && !conf.contains(BIND_ADDRESS)) {
      conf.set(HOST, LOOPBACK);
      conf.set(BIND_ADDRESS, LOOPBACK);
    }
  }

  /**
   * Executors read file names as UTF-8, which Java decides by the environment when it starts, and
   * write numbers with Latin digits, whatever the locale of their machine. What the user sets wins.
   */
  private static void setExecutorLocale(SparkConf conf) {
    conf.setIfMissing("spark.executorEnv.LC_ALL", "C.UTF-8");
    conf.set(
        EXECUTOR_OPTIONS, "-Duser.language=en -Duser.country=US " + conf.get(EXECUTOR_OPTIONS, ""));
  }

  /**
   * A local master tries no task twice: the failure of one ends the command, which prints the
   * reason in one line, and Spark would log it three times before. On a cluster, the job may
   * continue.
   */
  private static void silenceTaskLogging() {
    Configurator.setLevel("org.apache.spark.executor.Executor", Level.OFF);
    Configurator.setLevel("org.apache.spark.scheduler.TaskSetManager", Level.OFF);
  }

  /**
   * Hadoop's configuration with the settings of {@code spark.hadoop.*}, for commands without Spark.
   */
  public static Configuration hadoop() {
    Configuration hadoop =
        SESSION.get() == null
            ? SparkHadoopUtil.get().newConfiguration(new SparkConf())
            : SESSION.get().sessionState().newHadoopConf();
    StorageDefaults.apply(hadoop);
    return hadoop;
  }

  /**
   * Checks that a file can be written, before the work. A name without a scheme is a file of this
   * machine, whatever Hadoop's default filesystem is.
   *
   * @param option the option that names it
   * @param uri a local path or a URI
   * @throws io.stoker.failure.StokerException if it cannot be written
   */
  public static OutputFile outputFile(String option, String uri) {
    return OutputFile.check(option, localUnlessUri(uri), hadoop());
  }

  /**
   * The file that {@code --output} names.
   *
   * @param overwrite whether an existing file is replaced
   * @param input what the command reads, which stays as it is
   * @throws InputException if it is the input, lies in a checkpoint, or cannot be written
   */
  public static OutputFile outputFile(String uri, boolean overwrite, String input) {
    OutputFile file = outputFile("--output", uri);
    requireHarmless(file.path(), input);
    if (!overwrite) {
      file.refuseExisting("say --overwrite to replace it");
    }
    return file;
  }

  private static void requireHarmless(Path output, String input) {
    Configuration hadoop = hadoop();
    Path read = Locations.absolute(input, hadoop);
    try {
      Check.input(
          !Storage.real(output, hadoop).equals(Storage.real(read, hadoop)),
          "Invalid --output: %s is the file that is read (choose another one)",
          output);
      Check.input(
          !CheckpointStore.isCheckpoint(output.getParent(), hadoop),
          "Invalid --output: %s lies in the folder of a checkpoint (choose another folder)",
          output);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach --output " + output, e);
    }
  }

  /** Checks likewise that files can be written to the folder of {@code --output}. */
  public static OutputFolder outputFolder(String uri) {
    return OutputFolder.check("--output", localUnlessUri(uri), hadoop());
  }

  private static String localUnlessUri(String uri) {
    return URI.matcher(uri).lookingAt() ? uri : "file:" + new File(uri).getAbsolutePath();
  }
}

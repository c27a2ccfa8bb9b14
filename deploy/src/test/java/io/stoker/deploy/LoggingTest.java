// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;

/** What the distribution's logging shows of Spark's troubles in a job that goes on. */
class LoggingTest {
  private static final Path CONFIGURATION = Path.of("logging", "log4j2.properties");

  /** As TaskSetManager has it in its message when a task cannot fetch what it needs. */
  private static final String LOST_TASK =
      """
Lost task 1.0 in stage 3.0 (TID 7) (127.0.0.1 executor 0): FetchFailed(null, shuffleId=0, message=
org.apache.spark.shuffle.MetadataFetchFailedException: Missing an output location
\tat org.apache.spark.MapOutputTracker$.validateStatus(MapOutputTracker.scala:1739)
\t... 4 more
Caused by: java.io.IOException: Connection reset
\tat java.base/java.lang.Thread.run(Thread.java:840)

)\
""";

  @Test
  void aLostTaskTakesOneLineWithItsReason() {
    assertThat(logged("org.apache.spark.scheduler.TaskSetManager", LOST_TASK, null))
        .singleElement()
        .asString()
        .endsWith(
            "WARN  TaskSetManager: Lost task 1.0 in stage 3.0 (TID 7) (127.0.0.1 executor 0):"
                + " FetchFailed(null, shuffleId=0, message="
                + " org.apache.spark.shuffle.MetadataFetchFailedException: Missing an output"
                + " location )");
  }

  @Test
  void aTaskWithoutWhichAStageGoesOnTakesNone() {
    String ended = "Lost task 3.0 in stage 1.0 (TID 9) (127.0.0.1 executor 1): TaskKilled (%s)";
    String name = "org.apache.spark.scheduler.TaskSetManager";

    assertThat(logged(name, ended.formatted("its stage goes on without it"), null)).isEmpty();
    assertThat(logged(name, ended.formatted("another attempt succeeded"), null)).hasSize(1);
  }

  @Test
  void anAnswerToAnExecutorThatHasGoneTakesNone() {
    String name = "org.apache.spark.network.server.TransportRequestHandler";
    Exception closed = new IOException("closed");

    assertThat(
            logged(
                name,
                "Error sending result RpcResponse[1] to /127.0.0.1:1; closing connection",
                closed))
        .isEmpty();
    assertThat(logged(name, "Error opening block for request from /127.0.0.1:1", closed))
        .hasSize(1);
  }

  @Test
  void anExceptionTakesOneLineWithItsMessage() {
    Exception reset = new IOException("Connection reset by peer\n\tat 127.0.0.1");

    assertThat(logged("org.apache.spark.network.server.TransportChannelHandler", "Failed", reset))
        .singleElement()
        .asString()
        .endsWith("TransportChannelHandler: Failed: java.io.IOException: Connection reset by peer");
  }

  @Test
  void aMessageOfOneLineStaysAsItIs() {
    assertThat(logged("io.stoker.driver.round", "Checkpoint 000004: at 2.5 s", null))
        .singleElement()
        .asString()
        .endsWith("round: Checkpoint 000004: at 2.5 s");
  }

  private static List<String> logged(String logger, String message, Exception failure) {
    try (LoggerContext context = new LoggerContext("of the test", null, CONFIGURATION.toUri())) {
      context.start();
      LogEvent event =
          Log4jLogEvent.newBuilder()
              .setLoggerName(logger)
              .setLevel(Level.WARN)
              .setMessage(new SimpleMessage(message))
              .setThrown(failure)
              .build();
      if (context.getConfiguration().getLoggerConfig(event.getLoggerName()).isFiltered(event)) {
        return List.of();
      }
      Appender appender = context.getConfiguration().getAppender("stderr");
      return appender.getLayout().toSerializable(event).toString().lines().toList();
    }
  }
}

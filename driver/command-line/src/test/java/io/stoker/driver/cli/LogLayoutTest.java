// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.command.Logging;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The logging configuration that the launcher hands to Java. */
class LogLayoutTest {
  private static final String EVIL = "\u001b]0;evil\u0007\u009b\u202ecat";

  private LoggerContext context;

  @BeforeEach
  void start() {
    context =
        new LoggerContext(
            "logging", null, Path.of("../../deploy/logging/log4j2.properties").toUri());
    context.start();
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void writesALineForAMessageOfManyLines() {
    assertThat(
            logged(
                Logging.LINES,
                "Lost task 0.0 (executor 1): io.stoker.Failure: shard\n\tat a.b(c)\n\tat d.e(f)",
                null))
        .matches(
            "[0-9:]{8} WARN  Some: Lost task 0.0 \\(executor 1\\): io.stoker.Failure: shard\\R");
    assertThat(logged(Logging.LINES, "Cannot", new IllegalStateException("first\nsecond")))
        // Log4j from 2.25 on, which Spark 4 has, gives the whole message.
        .matches(
            "[0-9:]{8} WARN  Some: Cannot: java.lang.IllegalStateException: first( second)?\\R");
    // A class whose name has two lines cannot fake a message.
    assertThat(logged(Logging.LINES, "class a\n12:00:00 ERROR Some: fake", null).lines())
        .hasSize(1);
  }

  @Test
  void showsTracesWhereTheyAreAskedFor() {
    assertThat(logged(Logging.TRACES, "Cannot", new IllegalStateException("first\nsecond")))
        .contains("Some: Cannot", "IllegalStateException: first\nsecond\n\tat ")
        .containsOnlyOnce("IllegalStateException");
    assertThat(logged(Logging.TRACES, "a\n\tat b", null)).endsWith("a\n\tat b\n");
  }

  @Test
  void obeysNoControlCharacters() {
    assertThat(logged(Logging.LINES, "class " + EVIL + " \u00c4pfel", null))
        .endsWith("class ?]0;evil???cat \u00c4pfel\n");
    assertThat(logged(Logging.TRACES, EVIL, new IllegalStateException(EVIL)))
        .doesNotContainPattern("[\\p{Cc}\u202e&&[^\\n\\t]]");
  }

  private String logged(String appender, String message, Throwable thrown) {
    LogEvent event =
        Log4jLogEvent.newBuilder()
            .setLoggerName("io.stoker.Some")
            .setLevel(Level.WARN)
            .setMessage(new SimpleMessage(message))
            .setThrown(thrown)
            .build();
    byte[] bytes = context.getConfiguration().getAppender(appender).getLayout().toByteArray(event);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}

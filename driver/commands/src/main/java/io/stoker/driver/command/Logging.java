// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;

/** What commands change of Stoker's logging configuration. */
public final class Logging {
  /** The appenders of Stoker's {@code log4j2.properties}. */
  public static final String LINES = "stderr";

  public static final String TRACES = "traces";

  private Logging() {}

  /** Logs nothing of a class, or of the classes of a package, from now on. */
  static void hide(String name) {
    Configurator.setLevel(name, Level.OFF);
  }

  /** Logs what Spark does, and stack traces where the configuration is Stoker's own. */
  public static void showAll() {
    Configurator.setRootLevel(Level.INFO);
    if (LogManager.getContext(false) instanceof LoggerContext context) {
      Appender traces = context.getConfiguration().getAppender(TRACES);
      if (traces != null) {
        LoggerConfig root = context.getConfiguration().getRootLogger();
        root.removeAppender(LINES);
        root.addAppender(traces, null, null);
        context.updateLoggers();
      }
    }
  }
}

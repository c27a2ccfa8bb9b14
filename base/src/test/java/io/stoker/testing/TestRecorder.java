// SPDX-License-Identifier: Apache-2.0
package io.stoker.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes down what the build must know of the tests of a process: which failed, because it repeats
 * them in a fresh process; and, for the end of the build, which were skipped, and which passed only
 * when they were repeated. The build names the files in system properties; without them nothing is
 * written.
 */
public final class TestRecorder implements TestExecutionListener {
  /** True in the process that repeats the tests that failed in another process. */
  static final boolean REPEATED = Boolean.getBoolean("stoker.tests.repeated");

  /** The patterns of the tests to repeat; a process that crashes fails the build without them. */
  private static final Optional<Path> FAILED = file("stoker.tests.failed");

  private static final Optional<Path> REMARKS = file("stoker.tests.remarks");

  private TestPlan plan;

  private static Optional<Path> file(String property) {
    return Optional.ofNullable(System.getProperty(property)).map(Path::of);
  }

  @Override
  public void testPlanExecutionStarted(TestPlan started) {
    plan = started;
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    remark("Skipped", test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    String message = result.getThrowable().map(Throwable::getMessage).orElse("");
    switch (result.getStatus()) {
      case ABORTED -> remark("Skipped", test, message);
      case FAILED -> {
        if (!REPEATED) {
          FAILED.ifPresent(file -> append(file, pattern(test)));
        }
      }
      case SUCCESSFUL -> {
        if (REPEATED && test.isTest()) {
          remark("Passed only when it was repeated in a fresh process", test, "mend its cause");
        }
      }
    }
  }

  private void remark(String what, TestIdentifier test, String reason) {
    String name =
        test.getSource().orElse(null) instanceof MethodSource method
            ? method.getClassName() + "." + test.getLegacyReportingName()
            : test.getLegacyReportingName();
    String firstLine = reason.lines().findFirst().orElse("");
    REMARKS.ifPresent(file -> append(file, "%s: %s (%s)".formatted(what, name, firstLine)));
  }

  /** What Surefire repeats: the method, or the class where no method of it failed. */
  private String pattern(TestIdentifier test) {
    Optional<TestSource> source = test.getSource();
    if (source.orElse(null) instanceof MethodSource method) {
      return method.getClassName() + "#" + method.getMethodName();
    } else if (source.orElse(null) instanceof ClassSource type) {
      return type.getClassName();
    }
    return plan.getParent(test).map(this::pattern).orElse("**/*");
  }

  /** Several processes append to the same file. */
  private static void append(Path file, String line) {
    try {
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.base.TerminalText;
import io.stoker.failure.ResourceException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints what a command has to say: its result to stdout, everything else to stderr. Control
 * characters, which names in data may have, are escaped; see {@link TerminalText}.
 *
 * <p>The launcher says in the environment which of the two is a terminal. If it does not, neither
 * is treated as one.
 */
public final class Console {
  /** The control sequences of pictures, which a terminal may see as they are. */
  private static final Pattern COLOR =
      Pattern.compile("\u001b\\[(0|38;2(;[0-9]{1,3}){3};48;2(;[0-9]{1,3}){3})m");

  /** The environment variable with the number of a descriptor for results. */
  private static final String DESCRIPTOR = "STOKER_STDOUT";

  /** How Linux describes a descriptor that cannot be written to: the last two bits are 0. */
  private static final Pattern READ_ONLY = Pattern.compile("flags:\\s*[0-7]*[04]");

  private static volatile boolean ownsProcess;

  private final PrintWriter results;
  private final PrintWriter messages;
  private final boolean resultsOnTerminal;
  private final boolean messagesOnTerminal;

  public Console(
      PrintWriter results,
      PrintWriter messages,
      boolean resultsOnTerminal,
      boolean messagesOnTerminal) {
    this.results = results;
    this.messages = messages;
    this.resultsOnTerminal = resultsOnTerminal;
    this.messagesOnTerminal = messagesOnTerminal;
  }

  /**
   * Reserves stdout for results: from now on, what libraries print to {@code System.out} goes to
   * stderr.
   */
  public static Console claim() {
    PrintWriter results = writer(resultDescriptor());
    ownsProcess = true;
    System.setOut(System.err);
    return new Console(
        results,
        writer(FileDescriptor.err),
        isTerminal("STOKER_STDOUT_TERMINAL"),
        isTerminal("STOKER_STDERR_TERMINAL"));
  }

  /** Whether the process is Stoker's own, and not that of a program that runs a command. */
  public static boolean ownsProcess() {
    return ownsProcess;
  }

  /**
   * Hides what libraries print from now on, in a process of Stoker's own; what they log is not
   * hidden. When Spark is stopped, some of its thread pools still get work after they have ended,
   * and print a stack trace of it.
   */
  public static void hideLibraries() {
    if (ownsProcess) {
      PrintStream nothing =
          new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
      System.setOut(nothing);
      System.setErr(nothing);
    }
  }

  /**
   * Where results go: stdout, or the descriptor that the launcher has kept for them because
   * spark-submit prints to stdout before Stoker starts.
   */
  private static FileDescriptor resultDescriptor() {
    String number = System.getenv(DESCRIPTOR);
    if (number == null) {
      return FileDescriptor.out;
    }
    FileDescriptor kept = new FileDescriptor();
    try {
      Field field = FileDescriptor.class.getDeclaredField("fd");
      field.setAccessible(true); // Spark opens java.io to its programs.
      field.setInt(kept, Integer.parseInt(number));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot write to descriptor " + number, e);
    }
    return kept;
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /**
   * Whether results could not be written because they are not wanted: their reader, such as {@code
   * head}, has ended, or the caller has closed the descriptor. Java may then have opened another
   * file as that descriptor, to read it.
   */
  private static boolean isClosed() {
    String number = Optional.ofNullable(System.getenv(DESCRIPTOR)).orElse("1");
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString();
      return target.startsWith("pipe:")
          || target.startsWith("socket:")
          || Files.readAllLines(Path.of("/proc/self/fdinfo", number)).stream()
              .anyMatch(line -> READ_ONLY.matcher(line).matches());
    } catch (IOException e) { // There is no such descriptor.
      return true;
    }
  }

  private static boolean isTerminal(String variable) {
    return "1".equals(System.getenv(variable));
  }

  /** For picocli, which prints help to it: texts of Stoker's own. */
  public PrintWriter results() {
    return results;
  }

  /** For picocli. */
  public PrintWriter messages() {
    return messages;
  }

  /** Whether the result goes to a terminal, which can show pictures and colours. */
  public boolean resultsOnTerminal() {
    return resultsOnTerminal;
  }

  /** Whether messages go to a terminal, on which a line can be redrawn while a command runs. */
  public boolean messagesOnTerminal() {
    return messagesOnTerminal;
  }

  /** Shows a command's result. */
  public void show(Report report, boolean json) {
    PrintWriter people = json ? messages : results;
    String text = escapeAllButPictures(report.text().stripTrailing());
    if (!text.isBlank()) {
      people.println(text);
    }
    if (json) {
      // An escape of ours is one of JSON's too.
      results.println(TerminalText.escapeLine(report.json().toString()));
    }
    messages.flush();
    if (results.checkError() && !isClosed()) {
      throw new ResourceException("Cannot write the result to stdout (is its disk full?)");
    }
  }

  private static String escapeAllButPictures(String text) {
    StringBuilder escaped = new StringBuilder();
    Matcher colors = COLOR.matcher(text);
    int from = 0;
    while (colors.find()) {
      escaped.append(TerminalText.escapeLines(text.substring(from, colors.start())));
      escaped.append(colors.group());
      from = colors.end();
    }
    return escaped.append(TerminalText.escapeLines(text.substring(from))).toString();
  }

  /** Prints a line while a command runs. */
  public void say(String line) {
    messages.println(TerminalText.escapeLine(line));
  }

  /** Prints why a command failed, in one line. */
  public void printError(String message) {
    messages.println("stoker: " + TerminalText.escapeLine(message));
  }

  /** Prints a failure with its stack trace. */
  public void trace(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    messages.print(
        TerminalText.escapeLines(trace.toString().replace(System.lineSeparator(), "\n")));
    messages.flush();
  }
}

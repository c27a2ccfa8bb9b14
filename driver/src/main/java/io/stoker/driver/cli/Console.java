package io.stoker.driver.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * Where a command's words go: its result to stdout, everything else to stderr.
 *
 * <p>The launcher says in the environment which of the two is a terminal; without it, neither is
 * taken for one.
 */
final class Console {
  private final PrintWriter results;
  private final PrintWriter messages;
  private final boolean resultsOnTerminal;
  private final boolean messagesOnTerminal;

  Console(
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
   * Takes stdout for results. What a library prints to {@code System.out} goes to stderr from now
   * on.
   */
  static Console claim() {
    PrintWriter results = writer(FileDescriptor.out);
    System.setOut(System.err);
    return new Console(
        results,
        writer(FileDescriptor.err),
        isTerminal("STOKER_STDOUT_TERMINAL"),
        isTerminal("STOKER_STDERR_TERMINAL"));
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  private static boolean isTerminal(String variable) {
    return "1".equals(System.getenv(variable));
  }

  PrintWriter results() {
    return results;
  }

  PrintWriter messages() {
    return messages;
  }

  /** Whether a picture or colours can be shown with the result. */
  boolean resultsOnTerminal() {
    return resultsOnTerminal;
  }

  /** Whether a line can be drawn again and again while a command runs. */
  boolean messagesOnTerminal() {
    return messagesOnTerminal;
  }

  /** Shows a command's result. */
  void show(Report report, boolean json) {
    if (json) {
      messages.println(report.text().stripTrailing());
      results.println(report.json());
    } else {
      results.println(report.text().stripTrailing());
    }
    messages.flush();
    results.flush();
  }

  /** Says something while a command runs. */
  void say(String line) {
    messages.println(line);
  }

  /** Says why a command failed. */
  void complain(String message) {
    messages.println("stoker: " + message);
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  /** Python's sessions and notebooks run commands in processes of their own. */
  @Test
  void leavesTheStreamsOfAProgramThatRunsACommandAlone() {
    PrintStream out = System.out;
    PrintStream err = System.err;

    Console.hideLibraries();

    assertThat(System.out).isSameAs(out);
    assertThat(System.err).isSameAs(err);
  }
}

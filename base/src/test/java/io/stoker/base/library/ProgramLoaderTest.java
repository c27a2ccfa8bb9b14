// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProgramLoaderTest {
  private final ClassLoader own = ProgramLoader.class.getClassLoader();
  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @Test
  void isTheOneThatKnowsMoreJars() throws IOException {
    try (URLClassLoader more = new URLClassLoader(new URL[0], own)) {
      Thread.currentThread().setContextClassLoader(more);

      assertThat(ProgramLoader.now()).isSameAs(more);
    }
  }

  @Test
  void isItsOwnInAThreadOfAnotherProgram() {
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    assertThat(ProgramLoader.now()).isSameAs(own);

    Thread.currentThread().setContextClassLoader(null);
    assertThat(ProgramLoader.now()).isSameAs(own);
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

/** The class loader that knows Stoker's jars and those that a user adds. */
public final class ProgramLoader {
  private ProgramLoader() {}

  /**
   * The thread's context class loader, which Spark makes know the jars of {@code --jars}. In a
   * thread of another program, whose class loader does not know this class, the class loader of
   * this class.
   */
  public static ClassLoader now() {
    ClassLoader own = ProgramLoader.class.getClassLoader();
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try {
      boolean knows =
          context != null
              && context.loadClass(ProgramLoader.class.getName()) == ProgramLoader.class;
      return knows ? context : own;
    } catch (ClassNotFoundException e) {
      return own;
    }
  }
}

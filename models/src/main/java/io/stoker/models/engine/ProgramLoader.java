package io.stoker.models.engine;

/** Where the program's jars are found, those that were added to Stoker's included. */
public final class ProgramLoader {
  private ProgramLoader() {}

  /**
   * The thread's class loader, since with Spark that one knows the jars of {@code --jars}; but the
   * one of this class where the thread's does not know it, being that of another program.
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

package io.stoker.models.engine;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.Suggestion;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The engines on the classpath. */
public final class Engines {
  /** The name that stands for the best available engine. */
  public static final String AUTO = "auto";

  /** Each task asks: looked for once, since that reads the directory of every jar. */
  private static final List<Engine> ALL =
      ServiceLoader.load(Engine.class, ProgramLoader.now()).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(Comparator.comparingInt(Engine::rank).reversed().thenComparing(Engine::name))
          .toList();

  private Engines() {}

  /** All engines, the preferred one first, whether available here or not. */
  public static List<Engine> all() {
    NativeLibraries.useAPrivateFolder(); // before the first of them loads its own
    return ALL;
  }

  /**
   * The engine of that name, or for {@link #AUTO} the best one that is available.
   *
   * @throws InputException if no engine has that name
   * @throws ResourceException if it cannot run on this machine
   */
  public static Engine named(String name) {
    List<Engine> engines = all();
    if (name.equals(AUTO)) {
      return engines.stream()
          .filter(Engine::available)
          .findFirst()
          .orElseThrow(
              () ->
                  new ResourceException(
                      "No engine can run on this machine: the native libraries on the classpath are"
                          + " for another one"));
    }
    Engine engine = known(name, engines);
    if (!engine.available()) {
      throw new ResourceException(
          "Engine %s cannot run on this machine: its native libraries are for another one"
              .formatted(name));
    }
    return engine;
  }

  /**
   * The engine of that name, whether it can run here or not; for {@link #AUTO} the best one that
   * can. Of an engine that is named, nothing is started.
   *
   * @throws InputException if no engine has that name
   */
  public static Engine find(String name) {
    return name.equals(AUTO) ? named(name) : known(name, all());
  }

  /**
   * The engine of that name, or for {@link #AUTO} the best one, for a job that computes on graphics
   * cards. They need not be in this machine.
   *
   * @throws InputException if no engine has that name
   * @throws ResourceException if this build of it has no code for them
   */
  public static Engine onDevices(String name) {
    List<Engine> engines = all();
    if (name.equals(AUTO)) {
      return engines.stream()
          .filter(Engine::computesOnDevices)
          .findFirst()
          .orElseThrow(() -> noCode("the engines of this build are", engines));
    }
    Engine engine = known(name, engines);
    if (!engine.computesOnDevices()) {
      throw noCode("engine %s is".formatted(name), engines);
    }
    return engine;
  }

  private static ResourceException noCode(String subject, List<Engine> engines) {
    String remedy =
        engines.stream()
            .filter(Engine::computesOnDevices)
            .map(able -> "take --engine " + able.name())
            .findFirst()
            .orElse(
                "ND4J's backend is the CPU, build Stoker with 'mvn -Pcuda -DskipTests package'");
    return new ResourceException(
        "Cannot compute on GPUs: %s for processors only; %s, or ask for no GPU (--device gpu, spark.task.resource.gpu.amount)"
            .formatted(subject, remedy));
  }

  private static Engine known(String name, List<Engine> engines) {
    return engines.stream()
        .filter(candidate -> candidate.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "Unknown engine: %s; %s"
                        .formatted(
                            name,
                            Suggestion.among(name, engines.stream().map(Engine::name).toList()))));
  }
}

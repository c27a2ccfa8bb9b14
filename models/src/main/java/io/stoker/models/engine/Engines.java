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

  private Engines() {}

  /** All engines, the preferred one first, whether available here or not. */
  public static List<Engine> all() {
    return ServiceLoader.load(Engine.class, Engines.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(Engine::rank).reversed().thenComparing(Engine::name))
        .toList();
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
                      "No engine can run on this machine: the native libraries on the classpath are for another one"));
    }
    Engine engine =
        engines.stream()
            .filter(candidate -> candidate.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new InputException(
                        "Unknown engine: %s; %s"
                            .formatted(
                                name,
                                Suggestion.among(
                                    name, engines.stream().map(Engine::name).toList()))));
    if (!engine.available()) {
      throw new ResourceException(
          "Engine %s cannot run on this machine: its native libraries are for another one"
              .formatted(name));
    }
    return engine;
  }
}

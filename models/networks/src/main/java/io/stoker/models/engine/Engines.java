// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.base.library.ProgramLoader;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.Suggestion;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engines on the class path, with those of the jars that users add. */
public final class Engines {
  /** The name that stands for the best available engine. */
  public static final String AUTO = "auto";

  /** Engines that only some builds have, and how to get them. */
  private static final Map<String, String> IN_OTHER_BUILDS =
      Map.of(
          "torch",
          "build Stoker with 'mvn -Ptorch -DskipTests package' (-Ptorch-cuda for GPUs), or add the"
              + " engine's jars with --jars (docs/gpu.md)");

  /**
   * The engines that each class loader knows. Every task asks, and a search reads the directory of
   * every jar. With {@code --jars}, Spark gives tasks a class loader of their own.
   */
  private static final Map<ClassLoader, List<Engine>> FOUND = new WeakHashMap<>();

  /** Engines that took the place of a faster one in this process, each named once in the log. */
  private static final Set<String> SLOWER = ConcurrentHashMap.newKeySet();

  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

  private Engines() {}

  /**
   * All engines, the preferred one first, whether available here or not.
   *
   * @throws InputException if a jar names an engine that cannot be loaded
   */
  public static List<Engine> all() {
    synchronized (FOUND) {
      return FOUND.computeIfAbsent(ProgramLoader.now(), Engines::search);
    }
  }

  private static List<Engine> search(ClassLoader loader) {
    try {
      return ServiceLoader.load(Engine.class, loader).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(Comparator.comparingInt(Engine::rank).reversed().thenComparing(Engine::name))
          .toList();
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new InputException(
          "Cannot load an engine that a jar registers: %s; remove the jar from --jars, or use one that was built for this version of Stoker"
              .formatted(e.getMessage()),
          e);
    }
  }

  /**
   * The engine of that name, or for {@link #AUTO} the best available one.
   *
   * @throws InputException if no engine has that name
   * @throws ResourceException if it is not in this build, or cannot run on this machine
   */
  public static Engine named(String name) {
    if (name.equals(AUTO)) {
      return best();
    }
    Engine engine = known(name);
    if (!engine.available()) {
      throw new ResourceException(
          "Engine %s cannot run on this machine, because %s"
              .formatted(name, engine.whyUnavailable()));
    }
    return engine;
  }

  private static Engine best() {
    List<Engine> unavailable = all().stream().takeWhile(engine -> !engine.available()).toList();
    String reasons =
        unavailable.stream()
            .map(each -> each.name() + ", because " + each.whyUnavailable())
            .collect(Collectors.joining("; "));
    if (unavailable.size() == all().size()) {
      throw new ResourceException("No engine can run on this machine: " + reasons);
    }
    Engine best = all().get(unavailable.size());
    if (!unavailable.isEmpty() && SLOWER.add(best.name())) {
      LOG.warn(
          "Engine {} computes, which is slower. Not available on this machine: {}.",
          best.name(),
          reasons);
    }
    return best;
  }

  /**
   * The engine of that name, available here or not; for {@link #AUTO} the best available one. An
   * engine that is named is not started.
   *
   * @throws InputException if no engine has that name
   * @throws ResourceException if it is not in this build
   */
  public static Engine find(String name) {
    return name.equals(AUTO) ? named(name) : known(name);
  }

  /**
   * The engine of that name, or for {@link #AUTO} the best one, for a job that computes on graphics
   * GPUs. The GPUs need not be in this machine.
   *
   * @throws InputException if no engine has that name
   * @throws ResourceException if it is not in this build, or has no code for GPUs in it
   */
  public static Engine onDevices(String name) {
    if (name.equals(AUTO)) {
      return all().stream()
          .filter(Engine::computesOnDevices)
          .findFirst()
          .orElseThrow(() -> noCode("the engines of this build are"));
    }
    Engine engine = known(name);
    if (!engine.computesOnDevices()) {
      throw noCode("engine %s is".formatted(name));
    }
    return engine;
  }

  private static ResourceException noCode(String subject) {
    String remedy =
        all().stream()
            .filter(Engine::computesOnDevices)
            .map(able -> "take --engine " + able.name())
            .findFirst()
            .or(Engines::buildInstructions)
            .map(text -> text + ", or ")
            .orElse("");
    return new ResourceException(
        "Cannot compute on GPUs: %s for processors only; %sask for no GPU (--device gpu, spark.task.resource.gpu.amount)"
            .formatted(subject, remedy));
  }

  private static Optional<String> buildInstructions() {
    return all().stream()
        .flatMap(engine -> engine.gpus().stream())
        .map(GpuSupport::buildInstruction)
        .findFirst();
  }

  /**
   * Makes sure that an engine has code for a GPU, in this build or in another.
   *
   * @param engine the engine
   * @param gpu the GPU
   * @param place which GPU of which machine this is, for the message
   * @throws ResourceException if it has none; the message names the engines that have
   */
  public static void requireCode(Engine engine, Gpu gpu, String place) {
    if (!hasCode(engine, gpu)) {
      String others =
          all().stream()
              .filter(other -> hasCode(other, gpu))
              .map(other -> "take --engine " + other.name() + ", ")
              .collect(Collectors.joining());
      throw new ResourceException(
          "Cannot train on %s, %s: not usable: %s; %stake another GPU, or train on processors without --device gpu"
              .formatted(place, gpu, whyNot(engine), others));
    }
  }

  /**
   * Why an engine computes on no GPU of a machine, and what that machine needs, for the end of a
   * message.
   */
  public static String whyNoDevices(Engine engine) {
    return engine
        .gpus()
        .map(
            gpus ->
                "engine %s starts on no GPU there; it needs %s%s"
                    .formatted(
                        engine.name(),
                        gpus.requirements(),
                        gpus.isInThisBuild() ? "" : ", and " + gpus.buildInstruction()))
        .orElse("engine %s is for processors only".formatted(engine.name()));
  }

  /** Why an engine computes on no GPU of this machine, for the end of a message. */
  public static String whyNoDevicesHere(Engine engine) {
    return Optional.of(engine)
        .filter(Engine::computesOnDevices)
        .flatMap(
            each -> each.available() ? each.whyNoDevices() : Optional.of(each.whyUnavailable()))
        .map(reason -> "engine %s starts on no GPU, because %s".formatted(engine.name(), reason))
        .orElseGet(() -> whyNoDevices(engine));
  }

  private static String whyNot(Engine engine) {
    return engine
        .gpus()
        .map(gpus -> "engine %s has code for %s only".formatted(engine.name(), gpus.range()))
        .orElse("engine %s is for processors only".formatted(engine.name()));
  }

  /** Whether an engine has code for a GPU, in this build or in another. */
  public static boolean hasCode(Engine engine, Gpu gpu) {
    return engine.gpus().map(gpus -> gpus.covers(gpu)).orElse(false);
  }

  /** Whether any engine has code for a GPU, in this build or in another. */
  public static boolean isUsable(Gpu gpu) {
    return all().stream().anyMatch(engine -> hasCode(engine, gpu));
  }

  /** What each engine says of a GPU, in one line for {@code doctor}. */
  public static String verdict(Gpu gpu) {
    String verdicts =
        all().stream()
            .filter(engine -> engine.gpus().isPresent())
            .map(engine -> verdict(engine, engine.gpus().orElseThrow(), gpu))
            .collect(Collectors.joining("; "));
    return verdicts.isEmpty() ? "not usable: all engines are for processors only" : verdicts;
  }

  private static String verdict(Engine engine, GpuSupport gpus, Gpu gpu) {
    if (!gpus.covers(gpu)) {
      return "not usable: " + whyNot(engine);
    }
    return gpus.isInThisBuild()
        ? "usable by engine " + engine.name()
        : "usable by engine %s in another build (%s)"
            .formatted(engine.name(), gpus.buildInstruction());
  }

  private static Engine known(String name) {
    List<Engine> engines = all();
    return engines.stream()
        .filter(candidate -> candidate.name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(name, engines.stream().map(Engine::name).toList()));
  }

  private static RuntimeException unknown(String name, List<String> known) {
    String otherBuild = IN_OTHER_BUILDS.get(name);
    return otherBuild == null
        ? new InputException(
            "Unknown engine: %s; %s".formatted(name, Suggestion.among(name, known)))
        : new ResourceException("This build has no engine %s: %s".formatted(name, otherBuild));
  }
}

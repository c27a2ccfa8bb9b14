// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What the poms of the checkout say: artifacts, and versions for each line of Spark. */
final class Poms {
  private Poms() {}

  private static List<String> texts() {
    return Page.files().stream()
        .map(Path::toString)
        .filter(file -> file.endsWith("pom.xml"))
        .map(Page::text)
        .toList();
  }

  /** The artifacts that {@code mvn deploy} publishes. */
  static Set<String> published() {
    Map<String, String> parents = new HashMap<>();
    Set<String> skipped = new TreeSet<>();
    for (String pom : texts()) {
      String own = pom.replaceFirst("(?s)<parent>.*?</parent>", "");
      String name = all(own, "artifactId").get(0);
      parents.put(name, own.length() == pom.length() ? "" : all(pom, "artifactId").get(0));
      if (all(own, "maven.deploy.skip").contains("true")) {
        skipped.add(name);
      }
    }
    return parents.keySet().stream()
        .filter(
            name ->
                Stream.iterate(name, parents::containsKey, parents::get)
                    .noneMatch(skipped::contains))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The versions that pages may name, by the name of the product. */
  static Map<String, Set<String>> versions() {
    String root = Page.text("pom.xml");
    Map<String, Set<String>> versions = new TreeMap<>();
    Set<String> java = new TreeSet<>();
    IntStream.range(8, 40)
        .filter(Poms::isSupported)
        .forEach(version -> java.add(Integer.toString(version)));
    versions.put("Java", java);
    versions.put("JDK", Set.copyOf(all(root, "maven.compiler.release")));
    versions.put("Hadoop", endingsCut(all(root, "hadoop.version")));
    versions.put("Scala", endingsCut(all(root, "scala.version")));
    Set<String> spark = endingsCut(all(root, "spark.version"));
    spark.addAll(all(root, "pyspark.version"));
    for (Path file : Page.files()) {
      if (file.endsWith("SparkLine.java")) {
        Pattern.compile("(?:NAME|SPARK) = \"([^\"]*)\"")
            .matcher(Page.text(file.toString()))
            .results()
            .forEach(match -> spark.addAll(List.of(match.group(1).split(" to ", -1))));
      }
    }
    versions.put("Spark", spark);
    return versions;
  }

  private static boolean isSupported(int java) {
    return Page.files().stream()
        .filter(file -> file.endsWith("SparkLine.java"))
        .anyMatch(file -> Page.text(file.toString()).contains("Version.parse(\"" + java));
  }

  /** 3.5.9 may be called 3.5, too, and 4.2.0 may be called 4. */
  private static Set<String> endingsCut(List<String> versions) {
    Set<String> all = new TreeSet<>();
    for (String version : versions) {
      for (String name = version; ; name = name.substring(0, name.lastIndexOf('.'))) {
        all.add(name);
        if (!name.contains(".")) {
          break;
        }
      }
    }
    return all;
  }

  private static List<String> all(String pom, String element) {
    return Pattern.compile("<" + Pattern.quote(element) + ">([^<$]*)</")
        .matcher(pom)
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }
}

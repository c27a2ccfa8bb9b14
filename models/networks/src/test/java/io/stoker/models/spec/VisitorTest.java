// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A new kind of layer or initializer is handled everywhere, or nothing compiles. */
class VisitorTest {
  static Stream<Arguments> visitors() {
    return Stream.of(
        Arguments.of(LayerSpec.class, LayerVisitor.class),
        Arguments.of(Initializer.class, Initializer.Visitor.class));
  }

  @ParameterizedTest
  @MethodSource("visitors")
  void haveAnAbstractCaseForEachKind(Class<?> kinds, Class<?> visitor) {
    assertThat(visitor.getMethods()).allMatch(method -> Modifier.isAbstract(method.getModifiers()));
    assertThat(
            Arrays.stream(visitor.getMethods())
                .map(method -> method.getParameterTypes()[0])
                .toList())
        .containsExactlyInAnyOrder(EveryLayer.kinds(kinds));
  }

  @ParameterizedTest
  @MethodSource("visitors")
  void doNotCompileWithoutACase(Class<?> kinds, Class<?> visitor, @TempDir Path folder)
      throws IOException {
    assertThat(compile(visitor, List.of(visitor.getMethods()), folder)).isEmpty();
    for (Method left : visitor.getMethods()) {
      List<Method> others = new ArrayList<>(List.of(visitor.getMethods()));
      others.remove(left);
      assertThat(compile(visitor, others, folder))
          .contains("does not override abstract method " + left.getName());
    }
  }

  /** Compiles a visitor with these cases; returns what the compiler says. */
  private static String compile(Class<?> visitor, List<Method> cases, Path folder)
      throws IOException {
    String body =
        cases.stream()
            .map(
                method ->
                    "public Void %s(%s kind) { return null; }"
                        .formatted(
                            method.getName(), method.getParameterTypes()[0].getCanonicalName()))
            .collect(Collectors.joining("\n"));
    Path source = folder.resolve("Sample.java");
    Files.writeString(
        source,
        "class Sample implements %s<Void> {%n%s%n}%n".formatted(visitor.getCanonicalName(), body));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter output = new StringWriter();
    String classPath = System.getProperty("java.class.path");
    compiler
        .getTask(
            output,
            null,
            null,
            List.of("-proc:none", "-cp", classPath, "-d", folder.toString()),
            null,
            compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
        .call();
    return output.toString();
  }

  @Test
  void theSampleHasEveryKind() {
    ModelSpec model = EveryLayer.model();

    assertThat(model.layers().stream().<Object>map(Object::getClass).distinct().toList())
        .containsExactlyInAnyOrder((Object[]) EveryLayer.kinds(LayerSpec.class));
    assertThat(initializers(model).<Object>map(Object::getClass).distinct().toList())
        .containsExactlyInAnyOrder((Object[]) EveryLayer.kinds(Initializer.class));
    assertThat(initializers(model)).contains(Initializer.Rule.values());
  }

  private static Stream<Initializer> initializers(ModelSpec model) {
    return model.placed().stream()
        .flatMap(placed -> placed.parameters().stream())
        .map(ParameterSpec::initializer);
  }

  @Test
  void eachKindCallsItsOwnCase() {
    for (LayerSpec layer : EveryLayer.model().layers()) {
      assertThat(layer.accept(EveryLayerRecorder.layers())).isSameAs(layer);
    }
    initializers(EveryLayer.model())
        .forEach(each -> assertThat(each.accept(EveryLayerRecorder.initializers())).isSameAs(each));
  }

  /** Visitors whose case returns the argument, if it is of the case's kind. */
  private static final class EveryLayerRecorder {
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the caller names the type
    private static <T> T recorder(Class<?> visitor) {
      return (T)
          Proxy.newProxyInstance(
              visitor.getClassLoader(),
              new Class<?>[] {visitor},
              (proxy, method, arguments) ->
                  method.getParameterTypes()[0] == arguments[0].getClass() ? arguments[0] : null);
    }

    static LayerVisitor<Object> layers() {
      return recorder(LayerVisitor.class);
    }

    static Initializer.Visitor<Object> initializers() {
      return recorder(Initializer.Visitor.class);
    }
  }

  @Test
  void everyKindSurvivesAModelFile() throws IOException {
    ModelSpec model = EveryLayer.model();
    byte[] yaml = ModelYaml.write(model).getBytes(StandardCharsets.UTF_8);

    assertThat(ModelYaml.read(new ByteArrayInputStream(yaml), "test", 0)).isEqualTo(model);
    assertThat(ModelTree.read(ModelTree.write(model), "test", 0)).isEqualTo(model);
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.engine.ClassWeights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClassWeightsFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "weights.yaml | cat: 1~\u00c4pfel, gr\u00fcn: 2.5",
        "weights.json | {#cat#: 1, #\u00c4pfel, gr\u00fcn#: 2.5}",
        "weights.csv | cat,1~#\u00c4pfel, gr\u00fcn#, 2.5~",
        "WEIGHTS.CSV | Class, Weight~~cat,1.0~#\u00c4pfel, gr\u00fcn#,25e-1",
      })
  void isReadInEachFormat(String name, String text) {
    assertThat(read(name, text.replace('~', '\n').replace('#', '"')))
        .isEqualTo(new ClassWeighting.PerClass(Map.of("cat", 1.0, "\u00c4pfel, gr\u00fcn", 2.5)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "w.yaml | cat | must be 'name: weight' lines",
        "w.yaml | [1, 2] | must be 'name: weight' lines",
        "w.yaml | {} | must be 'name: weight' lines",
        "w.yaml | cat: 1~cat: 2 | line 2: Duplicate field 'cat'",
        "w.yaml | cat: {dog: 1} | nested deeper",
        "w.yaml | cat: -1 | Invalid weight of class 'cat': -1.0",
        "w.yaml | cat: 0 | Invalid weight of class 'cat': 0.0",
        "w.yaml | cat: .nan | line 1",
        "w.yaml | cat: 1e99 | Invalid weight of class 'cat': 1.0E99",
        "w.json | {#cat#: #2#} | Invalid weight of class 'cat'",
        "w.csv | cat,1~cat,2 | line 2 repeats class 'cat'",
        "w.csv | cat,1~dog | line 2 is not 'name,weight'",
        "w.csv | cat,1,2 | line 1 is not 'name,weight'",
        "w.csv | cat,many | line 1 has the weight 'many'",
        "w.csv | #cat,1~dog,2 | is a quote not closed?",
        "w.csv | #cat,1~dog#,2 | is not 'name,weight'",
        "w.csv | class,weight | it has none",
      })
  void saysWhatIsWrong(String name, String text, String message) {
    assertThatThrownBy(() -> read(name, text.replace('~', '\n').replace('#', '"')))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void saysThatThereIsNone() {
    assertThatThrownBy(() -> ClassWeightsFile.read(folder.resolve("balancd")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("there is no such file (say 'balanced' or a file)");
  }

  @Test
  void isHeldToTheClassesOfTheData() {
    ClassWeighting weights = new ClassWeighting.PerClass(Map.of("cat", 1.0, "dog", 2.5));

    assertThat(weights.resolve(List.of("dog", "cat"), List.of(1L, 1L)))
        .contains(new ClassWeights(List.of(2.5f, 1f)));
    assertThatThrownBy(() -> weights.resolve(List.of("cat", "dogs"), List.of(1L, 1L)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("'dog', which the data does not have; did you mean 'dogs'?");
    assertThatThrownBy(() -> weights.resolve(List.of("cat", "cow", "dog"), List.of(1L, 1L, 1L)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("there is no weight of cow");
  }

  private ClassWeighting read(String name, String text) {
    try {
      return ClassWeightsFile.read(Files.writeString(folder.resolve(name), text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

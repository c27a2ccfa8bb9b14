package io.stoker.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ConfigFormatTest {
  @Test
  void writesEveryValueAndReadsItBack() throws IOException {
    TrainingConfig unusual = TrainingConfigTest.unusual();
    String text = ConfigFormat.toJson(unusual).toString();

    assertThat(ConfigFormat.fromJson(new ObjectMapper().readTree(text), "text")).isEqualTo(unusual);
    assertThat(text).contains("\"local_steps\":7", "\"updater_state\":\"reset\"", "\"cosine\"");
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableColumnsTest {
  @Test
  void warnsOfAColumnOfSplitsThatIsNotUsed() {
    List<String> names = List.of("image", "label", "split");

    assertThat(TableColumns.FOUND.unusedSplit(names)).get().asString().contains("--split-column");
    assertThat(TableColumns.FOUND.unusedSplit(List.of("image", "label"))).isEmpty();
    assertThat(new TableColumns("", "", "label").unusedSplit(names)).isEmpty();
  }
}

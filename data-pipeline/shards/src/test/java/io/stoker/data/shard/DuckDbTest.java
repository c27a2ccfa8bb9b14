// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.image.ImageShape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads shards with DuckDB: another implementation of Parquet, written in another language. */
class DuckDbTest {
  private static final ImageShape SHAPE = new ImageShape(30, 40, 3);

  @TempDir private Path folder;

  @BeforeEach
  void writeShards() throws IOException {
    TestShards.write(
        new org.apache.hadoop.fs.Path(folder.toUri()),
        SHAPE,
        ShardEncoding.parse("png"),
        3,
        500,
        400);
  }

  private List<List<Object>> query(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql.replace("data/", folder + "/"))) {
      List<List<Object>> result = new ArrayList<>();
      while (rows.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
          row.add(rows.getObject(i));
        }
        result.add(row);
      }
      return result;
    }
  }

  @Test
  void seesTheTypesOfTheColumns() throws SQLException {
    List<List<Object>> columns =
        query(
            "SELECT column_name, column_type"
                + " FROM (DESCRIBE SELECT * FROM read_parquet('data/train-*.parquet'))");
    assertThat(columns)
        .containsExactly(
            List.of("sample_id", "BIGINT"),
            List.of("label", "INTEGER"),
            List.of("path", "VARCHAR"),
            List.of("height", "INTEGER"),
            List.of("width", "INTEGER"),
            List.of("channels", "INTEGER"),
            List.of("encoding", "VARCHAR"),
            List.of("image", "BLOB"));
  }

  /** The statements of docs/shard-format.md. */
  @Test
  void countsAndFindsSamples() throws SQLException {
    assertThat(
            query(
                """
                SELECT label, count(*) AS samples
                FROM 'data/train-*.parquet' GROUP BY label ORDER BY label;
                """))
        .containsExactly(List.of(0, 300L), List.of(1, 300L), List.of(2, 300L));
    assertThat(query("SELECT path FROM 'data/*.parquet' WHERE sample_id = 1617;"))
        .containsExactly(List.of("image-617"));
  }

  @Test
  void handsOutImagesThatDecode() throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT image FROM '%s/*.parquet' WHERE path = 'image-617'".formatted(folder))) {
      assertThat(rows.next()).isTrue();
      byte[] png = rows.getBytes(1);
      var image = ImageIO.read(new ByteArrayInputStream(png));
      byte[] expected = TestShards.pixels(SHAPE, 617).values();
      for (int y = 0; y < SHAPE.height(); y++) {
        for (int x = 0; x < SHAPE.width(); x++) {
          int at = (y * SHAPE.width() + x) * 3;
          int color =
              (expected[at] & 0xFF) << 16
                  | (expected[at + 1] & 0xFF) << 8
                  | (expected[at + 2] & 0xFF);
          assertThat(image.getRGB(x, y) & 0xFFFFFF).isEqualTo(color);
        }
      }
    }
  }
}

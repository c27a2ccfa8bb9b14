// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.spark.network.shuffle.DownloadFileWritableChannel;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.junit.jupiter.api.Test;

class ReceivedBlockTest {
  private static final TransportConf CONF = new TransportConf("rpc", MapConfigProvider.EMPTY);

  private final Deque<byte[]> free = new ArrayDeque<>(List.of(new byte[8]));

  private final ArrayPool pool =
      new ArrayPool() {
        @Override
        public byte[] take() {
          return free.pop();
        }

        @Override
        public void giveBack(byte[] array) {
          free.push(array);
        }
      };

  @Test
  void theArrayOfABlockIsGivenBackWhenTheBlockIsClosed() throws IOException {
    byte[] array = free.peek();
    DownloadFileWritableChannel channel =
        new ReceivedBlock(pool).createTempFile(CONF).openForWriting();
    channel.write(ByteBuffer.wrap(new byte[] {1, 2}));
    channel.write(ByteBuffer.wrap(new byte[] {3}));

    try (FetchedBlock block = new FetchedBlock(channel.closeAndRead(), Optional.of(pool))) {
      assertThat(block.size()).isEqualTo(3);
      assertThat(block.bytes()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      assertThat(free).isEmpty();
    }
    assertThat(free).containsExactly(array);
  }

  @Test
  void aDetachedArrayBelongsToItsTaker() throws IOException {
    byte[] array = free.peek();
    DownloadFileWritableChannel channel =
        new ReceivedBlock(pool).createTempFile(CONF).openForWriting();
    channel.write(ByteBuffer.wrap(new byte[] {1}));

    try (FetchedBlock block = new FetchedBlock(channel.closeAndRead(), Optional.of(pool))) {
      assertThat(block.detachArray()).containsSame(array);
    }
    assertThat(free).isEmpty();
  }

  @Test
  void refusesABlockThatIsLargerThanItsArray() throws IOException {
    DownloadFileWritableChannel channel =
        new ReceivedBlock(pool).createTempFile(CONF).openForWriting();

    assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(9)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("8 bytes");
  }
}

package io.stoker.models.engine;

/**
 * The graphics cards that an engine computes on in this process, by CUDA's numbers for them: from
 * 0, and only those that the process may see.
 */
public interface Devices {
  /** How many there are. */
  int count();

  /**
   * What is known of one.
   *
   * @param device 0 to below {@link #count()}
   */
  GraphicsCard card(int device);

  /**
   * Has the calling thread compute there from now on. What it makes is in that card's memory, and
   * is not for a thread that computes on another.
   *
   * @param device 0 to below {@link #count()}
   */
  void bind(int device);
}

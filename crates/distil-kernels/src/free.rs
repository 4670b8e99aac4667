//! Memory that is free and still the process's.

/// Gives memory that was freed back to the system, where the program's allocator is mimalloc: it keeps what a large array leaves
/// until others are made, and who waits makes none.
pub fn give_back_free_memory() {
    #[cfg(feature = "mimalloc")]
    {
        // SAFETY: it may be called at any time, from any thread.
        unsafe { libmimalloc_sys::mi_collect(true) };
    }
}

//! Memory for images: aligned scratch, and vectors that are filled after they are made.

use std::mem::{ManuallyDrop, MaybeUninit};

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Numbers, zero at first, that begin at a cache line, so that vectors of 64 bytes do not straddle two.
#[derive(Default)]
pub(super) struct Scratch(Vec<Line>);

impl Scratch {
    pub fn zeros(length: usize) -> Self {
        Self(vec![Line([0.0; 16]); length.div_ceil(16)])
    }

    /// The elements, at least so many; what they are is not said.
    pub fn at_least(&mut self, length: usize) -> *mut f32 {
        let lines = length.div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; 16]));
        }
        self.as_mut_ptr()
    }

    pub fn as_ptr(&self) -> *const f32 {
        self.0.as_ptr().cast()
    }

    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        let (pointer, length) = (self.as_mut_ptr(), 16 * self.0.len());
        // SAFETY: the lines are contiguous and nothing but f32.
        unsafe { std::slice::from_raw_parts_mut(pointer, length) }
    }

    pub fn as_mut_ptr(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

/// Room for numbers that are still to be written.
pub(super) fn room(length: usize) -> Vec<MaybeUninit<f32>> {
    let mut room = Vec::with_capacity(length);
    // SAFETY: `MaybeUninit` needs no initial value, and the capacity is there.
    unsafe { room.set_len(length) };
    room
}

/// The numbers that were written.
///
/// # Safety
/// Every element must have been written.
pub(super) unsafe fn written(room: Vec<MaybeUninit<f32>>) -> Vec<f32> {
    let mut room = ManuallyDrop::new(room);
    // SAFETY: the same allocation, whose elements have the same layout and are initialised.
    unsafe { Vec::from_raw_parts(room.as_mut_ptr().cast(), room.len(), room.capacity()) }
}

//! Where a convolution reads and writes: pure numbers.

/// The shape of a convolution with "same" padding on channels-last images, without a bias.
///
/// Height and width of the output are those of the input divided by the stride, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Height of an image.
    pub height: usize,
    /// Width of an image.
    pub width: usize,
    /// Channels read.
    pub inputs: usize,
    /// Channels written; those read, if depthwise.
    pub outputs: usize,
    /// Side of the kernel: 1 or 3.
    pub kernel: usize,
    /// Step between outputs: 1 or 2.
    pub stride: usize,
    /// Whether every channel is convolved by itself.
    pub depthwise: bool,
}

impl ConvShape {
    /// Whether the kernels of this crate compute it.
    pub fn is_covered(&self) -> bool {
        let sizes = [self.height, self.width, self.inputs, self.outputs];
        let kernel = if self.depthwise {
            self.kernel == 3 && self.inputs == self.outputs
        } else {
            matches!(self.kernel, 1 | 3)
        };
        kernel && matches!(self.stride, 1 | 2) && !sizes.contains(&0)
    }

    /// Height of the output.
    pub fn out_height(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Width of the output.
    pub fn out_width(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Elements of an image that is read.
    pub fn image(&self) -> usize {
        self.height * self.width * self.inputs
    }

    /// Places of an image that is written.
    pub fn places(&self) -> usize {
        self.out_height() * self.out_width()
    }

    /// Elements of an image that is written.
    pub fn out_image(&self) -> usize {
        self.places() * self.outputs
    }

    /// Rows of the weight matrix `[rows, outputs]`, ordered by kernel row, kernel column, input channel.
    pub fn rows(&self) -> usize {
        let channels = if self.depthwise { 1 } else { self.inputs };
        self.kernel * self.kernel * channels
    }

    pub(super) fn pad(&self) -> usize {
        self.kernel / 2
    }

    /// The grid an image is read from, zeros around it.
    pub(super) fn grid(&self) -> Grid {
        Grid::new(self.height, self.width, self.inputs, self.pad())
    }

    /// The grid the output's gradient is read from, zeros around it.
    pub(super) fn out_grid(&self) -> Grid {
        Grid::new(
            self.out_height(),
            self.out_width(),
            self.outputs,
            self.pad(),
        )
    }

    /// What each output reads. Taps of a dense convolution are runs along a kernel row.
    pub(super) fn forward(&self) -> Route {
        let grid = self.grid();
        let row_length = self.kernel * self.inputs;
        let taps = if self.depthwise {
            let taps = (0..9).map(|k| Tap {
                from: grid.at(k / 3, k % 3),
                row: k,
                length: 1,
            });
            taps.collect()
        } else {
            let taps = (0..self.kernel).map(|k| Tap {
                from: grid.at(k, 0),
                row: k * row_length,
                length: row_length,
            });
            taps.collect()
        };
        let spots = (0..self.out_height()).flat_map(|y| {
            (0..self.out_width()).map(move |x| Spot {
                from: grid.at(self.stride * y, self.stride * x),
                to: (y * self.out_width() + x) * self.outputs,
            })
        });
        Route {
            taps,
            spots: spots.collect(),
        }
    }

    /// What each input's gradient reads from the output's, by the input's place modulo the stride.
    ///
    /// Rows of the weight matrix count as packed for it: kernel columns in reverse, so that a kernel row of a
    /// stride-1 convolution is one run; depthwise as they are.
    pub(super) fn backward(&self) -> Vec<Route> {
        let (grid, s, pad) = (self.out_grid(), self.stride, self.pad());
        // Kernel places whose outputs fall on inputs of this remainder, and how far off the output is, plus pad.
        let reached = |remainder: usize| {
            (0..self.kernel).filter_map(move |k| {
                let ahead = remainder + pad + s * pad;
                (ahead >= k && (ahead - k).is_multiple_of(s)).then(|| (k, (ahead - k) / s))
            })
        };
        let route = |py: usize, px: usize| {
            let mut taps: Vec<Tap> = Vec::new();
            for (ky, dy) in reached(py) {
                let mut columns: Vec<_> = reached(px).collect();
                columns.reverse();
                for (kx, dx) in columns {
                    let (row, length) = if self.depthwise {
                        (ky * self.kernel + kx, 1)
                    } else {
                        let place = ky * self.kernel + (self.kernel - 1 - kx);
                        (place * self.outputs, self.outputs)
                    };
                    let tap = Tap {
                        from: grid.at(dy, dx),
                        row,
                        length,
                    };
                    match taps
                        .last_mut()
                        .filter(|t| !self.depthwise && t.leads_to(&tap))
                    {
                        Some(last) => last.length += length,
                        None => taps.push(tap),
                    }
                }
            }
            let spots = (py..self.height).step_by(s).flat_map(|y| {
                (px..self.width).step_by(s).map(move |x| Spot {
                    from: grid.at(y / s, x / s),
                    to: (y * self.width + x) * self.inputs,
                })
            });
            Route {
                taps,
                spots: spots.collect(),
            }
        };
        (0..s)
            .flat_map(|py| (0..s).map(move |px| (py, px)))
            .map(|(py, px)| route(py, px))
            .collect()
    }
}

/// An image with zeros around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub pad: usize,
}

impl Grid {
    fn new(height: usize, width: usize, channels: usize, pad: usize) -> Self {
        Self {
            height,
            width,
            channels,
            pad,
        }
    }

    /// Elements of a row.
    pub fn pitch(&self) -> usize {
        (self.width + 2 * self.pad) * self.channels
    }

    /// Elements of the grid.
    pub fn len(&self) -> usize {
        (self.height + 2 * self.pad) * self.pitch()
    }

    /// Offset of a place, counted from the corner of the padding.
    fn at(&self, y: usize, x: usize) -> usize {
        y * self.pitch() + x * self.channels
    }

    /// Offset of the first element of an image row.
    pub fn row(&self, y: usize) -> usize {
        self.at(y + self.pad, self.pad)
    }
}

/// A run of elements that an output reads, relative to its spot, and the weights' row it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tap {
    pub from: usize,
    pub row: usize,
    pub length: usize,
}

impl Tap {
    fn leads_to(&self, next: &Self) -> bool {
        self.from + self.length == next.from && self.row + self.length == next.row
    }
}

/// A place: where it reads and where it writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub from: usize,
    pub to: usize,
}

/// Places that read the same taps.
#[derive(Debug)]
pub(super) struct Route {
    pub taps: Vec<Tap>,
    pub spots: Vec<Spot>,
}

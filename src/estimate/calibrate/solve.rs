//! Small symmetric positive definite systems, by Cholesky's decomposition.

/// A square matrix, row by row.
pub(super) struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// All 0.
    pub(super) fn new(size: usize) -> Self {
        Self { size, values: vec![0.0; size * size] }
    }

    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] += value;
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    /// The lower triangle L with L Lᵀ = this; `None` where it is not positive definite.
    pub(super) fn decompose(&self) -> Option<Decomposed> {
        let mut lower = Self::new(self.size);
        for row in 0..self.size {
            for column in 0..=row {
                let sum: f64 = (0..column).map(|k| lower.at(row, k) * lower.at(column, k)).sum();
                let rest = self.at(row, column) - sum;
                let value = if row == column {
                    if !(rest.is_finite() && rest > 0.0) {
                        return None;
                    }
                    rest.sqrt()
                } else {
                    rest / lower.at(column, column)
                };
                lower.values[row * self.size + column] = value;
            }
        }
        Some(Decomposed(lower))
    }
}

pub(super) struct Decomposed(Matrix);

impl Decomposed {
    /// x with A x = `right`.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (lower, size) = (&self.0, self.0.size);
        let mut x = right.to_vec();
        for row in 0..size {
            let sum: f64 = (0..row).map(|k| lower.at(row, k) * x[k]).sum();
            x[row] = (x[row] - sum) / lower.at(row, row);
        }
        for row in (0..size).rev() {
            let sum: f64 = (row + 1..size).map(|k| lower.at(k, row) * x[k]).sum();
            x[row] = (x[row] - sum) / lower.at(row, row);
        }
        x
    }

    /// Element (`index`, `index`) of the inverse.
    pub(super) fn variance(&self, index: usize) -> f64 {
        let mut unit = vec![0.0; self.0.size];
        unit[index] = 1.0;
        self.solve(&unit)[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reference: Cramer's rule; the determinant is 67.
    #[test]
    fn solves_and_inverts_a_known_system() {
        let mut matrix = Matrix::new(3);
        for (row, values) in [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]].iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                matrix.add(row, column, *value);
            }
        }
        let solved = matrix.decompose().expect("positive definite");
        let x = solved.solve(&[1.0, 2.0, 3.0]);
        for (got, expected) in x.iter().zip([6.0 / 67.0, 7.0 / 67.0, 29.0 / 67.0]) {
            assert!((got - expected).abs() < 1e-9, "{x:?}");
        }
        assert!((solved.variance(0) - 21.0 / 67.0).abs() < 1e-9);
        let mut singular = Matrix::new(2);
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            singular.add(row, column, 1.0);
        }
        assert!(singular.decompose().is_none());
    }
}

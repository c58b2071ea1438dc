//! The audio medium: sounds to mel frames or codes and back.

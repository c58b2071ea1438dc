//! The image medium: pictures to patches or codes and back.

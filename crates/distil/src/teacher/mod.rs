//! teacher
